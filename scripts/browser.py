"A Chromium for the browser tests and the screenshots: Debian's, installed if it may be, or Playwright's own."
import os, shutil, subprocess
from contextlib import contextmanager

from playwright.sync_api import sync_playwright

FLAGS = ['--no-sandbox', '--disable-background-networking', '--no-proxy-server']

def find():
    "The path of a Chromium, installed with apt if this process may; None leaves it to Playwright (`playwright install chromium`)"
    here = lambda: next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), None)
    if not here() and shutil.which('apt-get') and os.geteuid() == 0:
        for words in (['update', '-qq'], ['install', '-y', '-qq', '--no-install-recommends', 'chromium']):
            subprocess.run(['apt-get', *words], capture_output=True, timeout=300, env={**os.environ, 'DEBIAN_FRONTEND': 'noninteractive'})
    return here()

@contextmanager
def chromium():
    "A browser that asks nobody for anything; a `playwright.sync_api.Error` if there is none"
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=find(), args=FLAGS)
        try: yield browser
        finally: browser.close()
