"The page in a real browser: every source of images, the chart, the options, corrections, and the page without scripts."
import base64, csv, io, re

import pytest

pytest.importorskip('playwright', reason='playwright is not installed: pip install -e .[dev]')
from playwright.sync_api import Error, expect

from bench_app import server
from captcha_ocr.data.labels import check_dataset
from captcha_ocr.synth.styles import save_captchas

@pytest.fixture(scope='module')
def files(tmp_path_factory): return save_captchas('kaptcha', 5, tmp_path_factory.mktemp('captchas')/'d', seed=0)

@pytest.fixture(scope='module')
def feedback(tmp_path_factory): return tmp_path_factory.mktemp('data')/'feedback'

@pytest.fixture(scope='module')
def url(feedback):
    with server('--feedback', feedback) as (_,port): yield f'http://127.0.0.1:{port}'

@pytest.fixture
def page(browser, url):
    context, wrong = browser.new_context(viewport=dict(width=360, height=740)), []
    page = context.new_page()
    page.on('console', lambda o: wrong.append(o.text) if o.type == 'error' and 'status of 400' not in o.text else None)
    page.on('pageerror', lambda o: wrong.append(str(o)))
    page.on('request', lambda o: wrong.append(o.url) if not o.url.startswith((url, 'data:', 'blob:')) else None)
    page.goto(url)
    yield page
    assert page.evaluate('document.documentElement.scrollWidth') <= 360    # no horizontal overflow
    context.close()
    assert wrong == []                                                     # no error, no CSP violation, no request to elsewhere

def text_of(page): return page.locator('.card .text')

# The transfer object of a drop or the clipboard, with one file in it
TRANSFER = '''([name, data]) => { const o = new DataTransfer(); o.items.add(new File([Uint8Array.from(atob(data), c => c.charCodeAt())], name, {type: 'image/png'})); return o }'''
def transfer(page, file): return page.evaluate_handle(TRANSFER, ['x.png', base64.b64encode(file.read_bytes()).decode()])

def test_choose(page, files):
    page.set_input_files('#image', files[0])
    expect(text_of(page)).to_have_text(files[0].stem)
    expect(page.get_by_role('status').first).to_contain_text(f'Read {files[0].stem}')

def test_drop(page, files):
    o = transfer(page, files[1])
    page.dispatch_event('#drop', 'dragover', dict(dataTransfer=o))
    expect(page.locator('#drop.over')).to_have_count(1)
    page.dispatch_event('#drop', 'drop', dict(dataTransfer=o))
    expect(text_of(page)).to_have_text(files[1].stem)

def test_paste(page, files):
    page.evaluate('o => document.body.dispatchEvent(new ClipboardEvent("paste", {clipboardData: o, bubbles: true, cancelable: true}))', transfer(page, files[2]))
    expect(text_of(page)).to_have_text(files[2].stem)

def test_photograph(page, files):
    camera = page.get_by_label('Take a photo')
    expect(camera).to_have_attribute('capture', 'environment')
    camera.set_input_files(files[3])
    expect(text_of(page)).to_have_text(files[3].stem)

def test_example(page):
    page.get_by_role('button', name='synthetic example 1').click()
    expect(text_of(page)).not_to_be_empty()

def test_chart_and_boxes(page, files):
    page.set_input_files('#image', files[0])
    expect(page.locator('.positions > li')).to_have_count(5)
    best = page.locator('.positions .best .char').all_inner_texts()
    assert ''.join(best) == files[0].stem == ''.join(page.locator('.seen text').all_text_contents())
    for bar,p in zip(page.locator('.positions .bar rect:not(.all)').all(), page.locator('.positions .p').all_inner_texts()):
        assert abs(float(bar.get_attribute('width'))-float(p.rstrip('%'))) < .06
    boxes = [o.bounding_box() for o in page.locator('.seen rect').all()]
    picture = page.locator('.seen image').bounding_box()
    assert all(a['x']+a['width'] <= b['x']+4 for a,b in zip(boxes, boxes[1:])) and all(picture['x'] <= o['x'] and o['x']+o['width'] <= picture['x']+picture['width']+4 for o in boxes)    # lines are wide
    expect(page.locator('.alternatives li')).to_have_count(4)
    expect(page.get_by_role('img', name=f'with {files[0].stem} above the pixels')).to_be_visible()

def test_options(page, files):
    page.set_input_files('#image', files[0])
    expect(text_of(page)).to_have_text(files[0].stem)
    page.get_by_label('Length').fill('3'); page.get_by_label('Length').blur()      # the same image again
    expect(text_of(page)).to_have_text(re.compile('^.{3}$'))
    page.get_by_label('Length').fill('5')
    page.get_by_label('Allowed characters').fill('23'); page.get_by_label('Allowed characters').blur()
    expect(text_of(page)).to_have_text(re.compile('^[23]{5}$'))
    page.get_by_label('Minimum confidence').select_option('99%')
    expect(page.locator('.card .warn').first).to_contain_text('No text')

def test_many_and_csv(page, files, tmp_path):
    (tmp_path/'=2+3.png').write_bytes(b'no image')
    (tmp_path/'<b>"x", y.png').write_bytes(files[4].read_bytes())
    page.set_input_files('#image', [*files, tmp_path/'=2+3.png', tmp_path/'<b>"x", y.png'])
    expect(page.locator('#table tbody tr')).to_have_count(7)
    expect(page.get_by_role('status').first).to_have_text('Read 7 images, 1 without a text.')
    with page.expect_download() as got: page.get_by_role('button', name='Download as CSV').click()
    rows = list(csv.DictReader(io.StringIO(got.value.path().read_text(encoding='utf-8-sig'))))
    assert [(o['filename'], o['text']) for o in rows] == [*((f.name, f.stem) for f in files), ("'=2+3.png", ''), ('<b>"x", y.png', files[4].stem)]
    assert 'not a readable image' in rows[5]['note'] and .5 < float(rows[0]['confidence']) <= 1

def test_correct(page, files, feedback):
    page.set_input_files('#image', files[:2])
    expect(page.locator('.card')).to_have_count(2)
    for i,f in enumerate(files[:2]):
        card = page.locator('.card').nth(i)
        card.get_by_label('Correct text').fill(f.stem)
        card.get_by_role('button', name='Save for training').click()
        expect(card.get_by_role('status')).to_have_text('Saved. Thank you.')
    samples, problems = check_dataset(feedback)
    assert problems == [] and sorted(s.text for s in samples) == sorted(f.stem for f in files[:2])
    card.get_by_label('Correct text').fill('x'*60)
    card.get_by_role('button', name='Save for training').click()
    expect(card.get_by_role('status')).to_contain_text('too narrow for the 60 characters')

def test_by_keyboard(page, files):
    "Tab reaches every control; each has a visible focus and a name"
    names = []
    for _ in range(14):
        page.keyboard.press('Tab')
        o = page.evaluate('''() => { const e = document.activeElement, s = getComputedStyle(e), l = e.labels?.[0], t = l ? getComputedStyle(l) : s
            return [e.tagName, e.querySelector('img')?.alt || e.innerText || l?.innerText || '', s.outlineStyle != 'none' || t.outlineStyle != 'none'] }''')
        if o[0] == 'BODY': break
        names.append(o[1])
        assert o[1] and o[2], o
    assert 'Read' in names and 'Length' in names and sum('synthetic example' in n for n in names) == 4, names

def test_without_scripts(browser, url, files, feedback):
    context = browser.new_context(java_script_enabled=False, viewport=dict(width=360, height=740))
    page = context.new_page()
    page.goto(url)
    page.set_input_files('#image', files[2])
    page.get_by_label('Length').fill('5')
    page.get_by_role('button', name='Read', exact=True).click()
    expect(text_of(page)).to_have_text(files[2].stem)
    expect(page.get_by_label('Length')).to_have_value('5')
    page.get_by_label('Correct text').fill(files[2].stem)
    page.get_by_role('button', name='Save for training').click()
    expect(page.get_by_role('heading', name='Saved')).to_be_visible()
    assert files[2].stem in (feedback/'labels.csv').read_text()
    page.goto(url)
    page.get_by_role('button', name='synthetic example 4').click()
    expect(page.locator('.card .warn').first).to_contain_text('Unlike the training images')
    context.close()

CONTRAST = '''() => { const lum = c => { const v = c.map(x => (x /= 255) <= .03928 ? x/12.92 : ((x+.055)/1.055)**2.4); return .2126*v[0]+.7152*v[1]+.0722*v[2] }
  const rgb = s => s.match(/[\\d.]+/g).map(Number), ground = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c } return [255, 255, 255] }
  const out = []
  for (const e of document.querySelectorAll('body *')) { if (![...e.childNodes].some(n => n.nodeType == 3 && n.data.trim()) || !e.getClientRects().length || e.tagName == 'OPTION') continue
    const svg = e.namespaceURI.includes('svg'), a = lum(rgb(svg ? getComputedStyle(e).fill : getComputedStyle(e).color)), b = lum(ground(e))
    out.push([(Math.max(a, b)+.05)/(Math.min(a, b)+.05), e.outerHTML.slice(0, 80)]) }
  return out.sort((a, b) => a[0]-b[0]) }'''

@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_contrast(browser, url, files, scheme):
    "WCAG AA: 4.5 to 1 for every piece of text"
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(url)
    page.set_input_files('#image', [files[0], __file__])
    expect(page.locator('#table')).to_be_visible()
    for where in ('/', '/api'):
        if where != '/': page.goto(url+where)
        found = page.evaluate(CONTRAST)
        assert len(found) > 20 and found[0][0] >= 4.5, found[:3]
    context.close()

def test_login(browser, files):
    token = 'a-token-of-33-characters-for-tests'
    with server(CAPTCHA_OCR_TOKEN=token) as (_,port):
        context = browser.new_context()
        page = context.new_page()
        page.goto(f'http://127.0.0.1:{port}')
        page.get_by_label('Token').fill('wrong'); page.get_by_role('button', name='Log in').click()
        expect(page.get_by_role('alert')).to_have_text('Wrong token.')
        page.get_by_label('Token').fill(token); page.get_by_role('button', name='Log in').click()
        page.set_input_files('#image', files[0])
        expect(text_of(page)).to_have_text(files[0].stem)
        cookie, = context.cookies()
        assert cookie['httpOnly'] and cookie['sameSite'] == 'Strict' and token not in cookie['value']
        context.close()

def test_another_site_cannot_send(browser, url, tmp_path):
    "A form that a page of another origin posts to the service is refused"
    evil = tmp_path/'evil.html'
    evil.write_text(f'<form id=f method=post action="{url}/feedback"><input name=text value=x><input name=image value=x></form><button form=f>go</button>')
    page = browser.new_page()
    page.goto(evil.as_uri())
    with page.expect_navigation() as went: page.get_by_role('button').click()
    assert went.value.status == 403
    page.close()
