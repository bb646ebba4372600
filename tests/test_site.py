"""The rendered site in a real browser: `make docs-test` renders it and sets CAPTCHA_OCR_SITE to its folder.

scripts/docs.py checks links, pictures and all that needs no browser. Set CAPTCHA_OCR_SHOTS to a folder to store
screenshots of the pages."""
import functools, http.server, os, threading
from pathlib import Path

import pytest, yaml

from project import ROOT

SITE = Path(os.environ.get('CAPTCHA_OCR_SITE', ''))
if 'CAPTCHA_OCR_SITE' not in os.environ: pytest.skip('CAPTCHA_OCR_SITE names no site: make docs-test', allow_module_level=True)
axe = pytest.importorskip('axe_playwright_python.sync_playwright')

PAGES = sorted(o.relative_to(SITE).as_posix() for o in SITE.rglob('*.html'))
SHOWN = 'index.html', 'tutorials/train_a_crnn.html', 'charset.html', 'reader.html'

class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args): pass

@pytest.fixture(scope='module')
def address():
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(Quiet, directory=SITE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f'http://127.0.0.1:{server.server_port}'
    server.shutdown()

@pytest.fixture(scope='module')
def tab(browser, address):
    context = browser.new_context(base_url=address)
    context.route(lambda url: not url.startswith(address), lambda route: route.abort())    # other hosts: badges, formulas
    tab, tab.errors = context.new_page(), []
    tab.on('pageerror', lambda o: tab.errors.append(str(o)))
    tab.set_default_timeout(60_000)
    yield tab
    context.close()

@pytest.fixture
def page(tab):
    tab.errors.clear()
    tab.emulate_media(color_scheme='light'); tab.set_viewport_size(dict(width=1200, height=900))
    yield tab
    assert not tab.errors

def test_every_page_is_there():
    assert len(PAGES) > 40 and {'index.html', 'charset.html', 'cli.html'} < set(PAGES)

def test_search_finds_the_network(page):
    page.goto('/index.html')
    page.locator('.smalldocs-search input').first.fill('CRNN')
    hits = page.locator('.search-result:visible')
    hits.first.wait_for()
    assert any('model.html' in o.get_attribute('href') for o in hits.all())
    hits.first.click()
    page.wait_for_url('**/*.html*')
    assert 'CRNN' in page.locator('main').inner_text()

def test_a_name_leads_to_its_signature_on_another_page(page):
    page.goto('/tutorials/look_at_the_data.html')
    page.locator('main a', has_text='find_dataset').first.click()
    page.wait_for_url('**/data.html#find_dataset')
    heading = page.locator('#find_dataset')
    assert heading.is_visible() and 'def find_dataset(' in heading.locator('xpath=following::pre[1]').inner_text()
    assert '#' in heading.locator('xpath=following::pre[1]').inner_text()
    assert page.locator('a:text-is("source")').first.get_attribute('href').startswith('https://github.com/')

def test_fields_and_constants_are_shown_as_they_are_written(page):
    page.goto('/reader.html')
    assert 'confidence:float' in page.locator('#reading').locator('xpath=following::pre[1]').inner_text()
    assert 'MAX_MODEL = ' in page.locator('main').inner_text()

def test_sidebar_order_and_the_way_through_the_tutorials(page):
    page.goto('/index.html')
    sections = [o.inner_text().strip() for o in page.locator('#quarto-sidebar .sidebar-item-section > .sidebar-item-container').all()]
    assert sections == [o['section'] for o in yaml.safe_load((ROOT/'nbs/sidebar.yml').read_text())['website']['sidebar']['contents']]
    page.goto('/tutorials/look_at_the_data.html')
    seen = []
    for _ in range(9):
        seen.append(page.locator('h1.title').inner_text())
        text = page.locator('main').inner_text()
        assert 'You will learn' in text and 'Time to run' in text
        assert {'Open in Colab', 'Open in Kaggle'} <= {o.get_attribute('alt') for o in page.locator('main a img').all()}
        page.locator('.page-navigation .nav-page-next a').click()
        page.wait_for_load_state()
    assert seen[0] == 'Explore a captcha data set' and seen[-2] == 'Label your own images' and len(set(seen)) == 9

def test_an_index_for_programs():
    lines = (SITE/'llms.txt').read_text().splitlines()
    assert lines[0] == '# captcha_ocr' and sum(o.startswith('- [') for o in lines) == len(PAGES)
    for o in PAGES: assert (SITE/o).with_suffix('.llms.md').is_file()

WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']

def violations(page, rules):
    found = axe.Axe().run(page, options=dict(runOnly=rules)).response['violations']
    return [f"{o['id']}: {o['help']}: {n['html'][:150]} {n['failureSummary'][-120:]}" for o in found for n in o['nodes'][:3]]

@pytest.mark.parametrize('name', PAGES)
def test_fits_a_phone_and_can_be_read_by_all(page, name):
    page.set_viewport_size(dict(width=360, height=740))
    page.goto(f'/{name}')
    assert page.evaluate('document.documentElement.scrollWidth') <= 360
    page.set_viewport_size(dict(width=1200, height=900))
    assert not violations(page, WCAG)
    page.emulate_media(color_scheme='dark')
    page.reload()
    assert not violations(page, ['color-contrast'])

@pytest.mark.parametrize('name', SHOWN)
def test_pictures_to_look_at(page, name):
    if not (out := os.environ.get('CAPTCHA_OCR_SHOTS')): pytest.skip('CAPTCHA_OCR_SHOTS names no folder')
    for scheme in ('light', 'dark'):
        for width in (1200, 360):
            page.emulate_media(color_scheme=scheme); page.set_viewport_size(dict(width=width, height=1400))
            page.goto(f'/{name}')
            page.screenshot(path=f"{out}/{name.replace('/','_')[:-5]}_{width}_{scheme}.png")
