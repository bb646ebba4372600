"""The rendered site in a real browser: `make docs-test` renders it and sets CAPTCHA_OCR_SITE to its folder.

scripts/docs.py checks links, pictures and all that needs no browser. Set CAPTCHA_OCR_SHOTS to a folder to store
screenshots of the pages."""
import functools, http.server, os, re, threading
from pathlib import Path

import pytest, yaml

from project import ROOT, settings

SITE = Path(os.environ.get('CAPTCHA_OCR_SITE', ''))
if 'CAPTCHA_OCR_SITE' not in os.environ: pytest.skip('CAPTCHA_OCR_SITE names no site: make docs-test', allow_module_level=True)
axe = pytest.importorskip('axe_playwright_python.sync_playwright')

PAGES = sorted(o.relative_to(SITE).as_posix() for o in SITE.rglob('*.html'))
SHOWN = 'index.html', 'tutorials/train_a_crnn.html', 'reader.html', 'benchmarks.html', 'commands.html', 'http_api.html'
WIDTHS, THEMES = (390, 1280), ('light', 'dark')

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
    tab.emulate_media(color_scheme='light'); tab.set_viewport_size(dict(width=1280, height=900))
    yield tab
    assert not tab.errors

def test_every_page_is_there():
    assert len(PAGES) > 70 and {'index.html', 'charset.html', 'cli.html', 'data.files.html', 'commands.html', 'http_api.html'} < set(PAGES)

def search(page, text):
    "Type `text` into the search field, opening the menu that holds it on a phone; returns the results"
    field = page.locator('.smalldocs-search input').first
    if not field.is_visible(): page.locator('.navbar-toggler').click()
    field.wait_for()
    field.fill(text)
    hits = page.locator('.search-result:visible')
    hits.first.wait_for()
    return hits

def test_search_finds_the_network(page):
    page.goto('/index.html')
    hits = search(page, 'CRNN')
    assert any('train.crnn.html' in o.get_attribute('href') for o in hits.all())
    hits.first.click()
    page.wait_for_url('**/*.html*')
    assert 'CRNN' in page.locator('main').inner_text()

# The lowest contrast (WCAG 2) of the texts in an element, from computed styles: backgrounds are laid over each other
CONTRAST = """root => {
  const rgba = text => { const v = text.match(/[\\d.]+/g).map(Number); return v.length == 3 ? [...v, 1] : v }
  const over = (top, under) => [0, 1, 2].map(i => top[i]*top[3] + under[i]*(1-top[3]))
  const linear = v => (v /= 255) <= .04045 ? v/12.92 : ((v+.055)/1.055)**2.4
  const light = c => .2126*linear(c[0]) + .7152*linear(c[1]) + .0722*linear(c[2])
  const ground = node => {
    const layers = []
    for (let o = node; o; o = o.parentElement) { layers.push(rgba(getComputedStyle(o).backgroundColor)); if (layers.at(-1)[3] == 1) break }
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255])
  }
  const texts = [...root.querySelectorAll('*')].filter(o => [...o.childNodes].some(n => n.nodeType == 3 && n.data.trim()))
  return Math.min(...texts.map(o => {
    const under = ground(o), [a, b] = [light(over(rgba(getComputedStyle(o).color), under)), light(under)].sort((x, y) => y-x)
    return (a+.05) / (b+.05)
  }))
}"""

@pytest.mark.parametrize('width', WIDTHS)
@pytest.mark.parametrize('theme', THEMES)
def test_search_results_can_be_read(page, width, theme):
    page.emulate_media(color_scheme=theme); page.set_viewport_size(dict(width=width, height=900))
    page.goto('/index.html')
    hits = search(page, 'CRNN')
    assert hits.count() > 3 and page.locator('.search-result mark').count()
    box = page.locator('.smalldocs-search-results:visible')
    assert box.evaluate(CONTRAST) >= 4.5
    page.keyboard.press('ArrowDown')
    assert page.locator('.search-result.active').evaluate(CONTRAST) >= 4.5
    edges = box.bounding_box()
    assert edges['x'] >= 0 and edges['x']+edges['width'] <= width

@pytest.mark.parametrize('theme', THEMES)
def test_a_search_without_results_can_be_read(page, theme):
    page.emulate_media(color_scheme=theme)
    page.goto('/index.html')
    page.locator('.smalldocs-search input').first.fill('zzzzqqqq')
    page.locator('.search-none').wait_for()
    assert page.locator('.smalldocs-search-results').first.evaluate(CONTRAST) >= 4.5

# What is cut off: code that is wider than its box, boxes over the edge of the window, and boxes that scroll without a mark or a key
CUT = """() => {
  const edge = document.documentElement.clientWidth, found = []
  const seen = o => o.checkVisibility()
  const cut = (o, why) => found.push(`${why}: ${o.innerText.trim().slice(0, 60)}`)
  for (const o of [...document.querySelectorAll('main pre')].filter(seen)) {
    const wide = o.scrollWidth > o.clientWidth+1, box = o.getBoundingClientRect()
    if (box.right > edge+1 || box.left < 0) cut(o, 'over the edge')
    if (wide && o.matches('.sourceCode')) cut(o, 'code does not wrap')
    if (wide && !(['auto', 'scroll'].includes(getComputedStyle(o).overflowX) && o.tabIndex == 0 && o.classList.contains('scrolls'))) cut(o, 'output is cut off')
  }
  for (const o of [...document.querySelectorAll('main table')].filter(seen)) {
    let box = o
    while (box.tagName != 'MAIN' && !['auto', 'scroll'].includes(getComputedStyle(box).overflowX)) box = box.parentElement
    if (o.getBoundingClientRect().right > edge+1 && (box.tagName == 'MAIN' || box.tabIndex != 0 || !box.classList.contains('scrolls'))) cut(o, 'table is cut off')
    for (const c of o.querySelectorAll('th, td')) if (parseFloat(getComputedStyle(c).paddingLeft) < 4 || parseFloat(getComputedStyle(c).paddingTop) < 2) { cut(c, 'cell without padding'); break }
  }
  if (document.documentElement.scrollWidth > edge) found.push(`the page scrolls sideways: ${document.documentElement.scrollWidth} px`)
  return found
}"""

@pytest.mark.parametrize('name', PAGES)
def test_nothing_is_cut_off(page, name):
    for width in WIDTHS:
        page.set_viewport_size(dict(width=width, height=900))
        page.goto(f'/{name}')
        assert page.evaluate(CUT) == [], width

def test_a_resized_window_marks_what_scrolls(page):
    page.goto('/benchmarks.html')
    page.set_viewport_size(dict(width=390, height=900))
    page.locator('.sd-table.scrolls').first.wait_for()
    assert page.evaluate(CUT) == []
    page.set_viewport_size(dict(width=2400, height=900))
    page.wait_for_function('!document.querySelector(".scrolls")')
    assert page.locator('main [tabindex]').count() == 0

def test_signatures_are_shown_as_written(page):
    page.goto('/reader.html')
    text = page.locator('#reader-1, #reader').last.locator('xpath=following::pre[1]').inner_text()
    source = (ROOT/'captcha_ocr/reader.py').read_text()
    init = re.split(r'def __init__\(self,\s*', source.split('class Reader:')[1])[1].split('):')[0]
    assert text.startswith('class Reader(file=None') and text.split() == f'class Reader({init}):'.split()

def test_the_repository_the_version_and_an_icon(page):
    cfg = settings()
    page.goto('/index.html')
    nav = page.locator('.navbar')
    assert nav.locator('a', has_text='GitHub').get_attribute('href') == cfg['git_url']
    assert nav.locator('a', has_text=f"v{cfg['version']}").get_attribute('href').endswith('CHANGELOG.md')
    assert cfg['version'] in page.locator('footer').inner_text()
    for name in ('index.html', 'tutorials/look_at_the_data.html'):
        page.goto(f'/{name}')
        icon = page.locator('link[rel=icon]').evaluate('o => o.href')
        assert page.request.get(icon).ok and icon.endswith('.svg')

def test_only_the_section_of_the_page_is_open(page):
    for name,section in [('index.html', 'Start'), ('train.crnn.html', 'Training'), ('tutorials/train_a_crnn.html', 'Tutorials')]:
        page.goto(f'/{name}')
        opened = page.locator('#quarto-sidebar .sidebar-item-section:has(> ul.show) > .sidebar-item-container')
        assert [o.inner_text().strip() for o in opened.all()] == [section]
    page.locator('#quarto-sidebar').get_by_text('Reading', exact=True).click()
    page.locator('#quarto-sidebar a[href$="reading.calibration.html"]').wait_for()

def test_the_command_line_and_the_http_api_have_pages(page):
    page.goto('/index.html')
    page.locator('#quarto-sidebar').get_by_text('Command line reference').click()
    page.wait_for_url('**/commands.html')
    page.locator('main a', has_text='learning-curve').first.click()
    assert page.locator('#learning-curve').is_visible() and '--label-pattern REGEX' in page.locator('main').inner_text()
    page.locator('#quarto-sidebar').get_by_text('HTTP API').click()
    page.wait_for_url('**/http_api.html')
    text = page.locator('main').inner_text()
    assert 'POST /api/read' in text and 'min_confidence' in text and '503' in text

def test_a_name_leads_to_its_signature_on_another_page(page):
    page.goto('/tutorials/look_at_the_data.html')
    page.locator('main a', has_text='find_dataset').first.click()
    page.wait_for_url('**/data.download.html#find_dataset')
    heading = page.locator('#find_dataset')
    assert heading.is_visible() and 'def find_dataset(' in heading.locator('xpath=following::pre[1]').inner_text()
    assert '#' in heading.locator('xpath=following::pre[1]').inner_text()
    assert page.locator('a:text-is("source")').first.get_attribute('href').startswith('https://github.com/')

def test_fields_and_constants_are_shown_as_they_are_written(page):
    page.goto('/reader.html')
    assert 'confidence:float' in page.locator('#reading').locator('xpath=following::pre[1]').inner_text()
    assert 'BATCH = ' in page.locator('main').inner_text()

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
    page.set_viewport_size(dict(width=1280, height=900))
    assert not violations(page, WCAG)
    page.emulate_media(color_scheme='dark')
    page.reload()
    assert not violations(page, ['color-contrast'])

@pytest.mark.parametrize('name', SHOWN)
def test_pictures_to_look_at(page, name):
    if not (out := os.environ.get('CAPTCHA_OCR_SHOTS')): pytest.skip('CAPTCHA_OCR_SHOTS names no folder')
    for scheme in THEMES:
        for width in WIDTHS:
            page.emulate_media(color_scheme=scheme); page.set_viewport_size(dict(width=width, height=1400))
            page.goto(f'/{name}')
            page.screenshot(path=f"{out}/{name.replace('/','_')[:-5]}_{width}_{scheme}.png")
