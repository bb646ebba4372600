import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent/'scripts'))

@pytest.fixture(scope='module')
def browser():
    "Chromium, as scripts/browser.py finds or installs it"
    sync_api = pytest.importorskip('playwright.sync_api')
    from browser import chromium
    with ExitStack() as stack:
        try: started = stack.enter_context(chromium())
        except sync_api.Error as e: pytest.skip(f'no Chromium can be started; apt-get install chromium, or playwright install chromium ({str(e).splitlines()[0]})')
        yield started
