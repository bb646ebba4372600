"""The labelling page, driven in a real browser by keyboard.

Set CAPTCHA_OCR_SHOTS to a folder to get pictures of the page."""
import csv, os, re, shutil, signal, subprocess, sys
from pathlib import Path

import pytest

pytest.importorskip('playwright', reason='playwright is not installed: pip install -e .[dev]')
from playwright.sync_api import expect

from captcha_ocr.data.labels import label_rows
from captcha_ocr.analysis.errors import Suspect, save_audit
from captcha_ocr.label.queue import image_id
from captcha_ocr.synth.styles import save_captchas

SERVE = 'from captcha_ocr.cli import main; main()'

class Server:
    "`captcha-ocr label` in a process of its own"
    def __init__(self, folder, *words, port=0):
        self.process = subprocess.Popen([sys.executable, '-c', SERVE, 'label', str(folder), '--port', str(port), *map(str, words)], stdout=subprocess.PIPE, text=True)
        self.said = ''
        while 'open http' not in self.said:
            line = self.process.stdout.readline()
            assert line, 'the server ended'
            self.said += line
        self.address = re.search(r'http://\S+', self.said)[0]
        self.port = int(re.search(r':(\d+)/', self.address)[1])

    def kill(self, how=signal.SIGKILL):
        self.process.send_signal(how); self.process.wait(20); self.process.stdout.close()

@pytest.fixture
def serve():
    servers = []
    def start(*args, **kwargs): servers.append(Server(*args, **kwargs)); return servers[-1]
    yield start
    for o in servers:
        if o.process.poll() is None: o.kill()

@pytest.fixture
def page(browser):
    context = browser.new_context(viewport=dict(width=1100, height=800))
    page, page.errors = context.new_page(), []
    page.on('console', lambda o: page.errors.append(o.text) if o.type == 'error' else None)
    page.on('pageerror', lambda o: page.errors.append(str(o)))
    page.set_default_timeout(10_000)
    yield page
    context.close()

def shoot(page, name):
    if not (out := os.environ.get('CAPTCHA_OCR_SHOTS')): return
    size = page.viewport_size
    for scheme in ('light','dark'):
        for width in (1100, 360):
            page.emulate_media(color_scheme=scheme); page.set_viewport_size(dict(width=width, height=800 if width > 360 else 740))
            page.screenshot(path=f'{out}/{name}_{width}_{scheme}.png', full_page=True)
    page.emulate_media(color_scheme='light'); page.set_viewport_size(size)

def narrow_enough(page):
    "Nothing is wider than a phone"
    size = page.viewport_size
    page.set_viewport_size(dict(width=360, height=740))
    assert page.evaluate('document.documentElement.scrollWidth') <= 360
    page.set_viewport_size(size)

def texts(folder): return {k: o['text'] for k,o in label_rows(folder).items()}
def wait_name(page, name): expect(page.locator('#name')).to_have_text(name)

def test_label_twenty_go_back_kill_and_resume(serve, page, tmp_path):
    folder = tmp_path/'d'
    names = sorted(o.name for o in save_captchas('kaptcha', 24, folder, seed=0))
    bytes_before = {o: (folder/o).read_bytes() for o in names}
    server = serve(folder, '--order', 'name')
    page.goto(server.address)
    for i,name in enumerate(names[:20]):
        wait_name(page, name)
        page.keyboard.type(Path(name).stem); page.keyboard.press('Enter')
        if i == 9: assert len(texts(folder)) >= 9          # on disk before the next image shows
    wait_name(page, names[20])
    assert texts(folder) == {o: Path(o).stem for o in names[:20]}
    for i in range(2): page.keyboard.press('Backspace'); wait_name(page, names[19-i])      # back twice, and correct
    page.keyboard.type('fixed'); page.keyboard.press('Enter'); wait_name(page, names[20])
    wanted = {**{o: Path(o).stem for o in names[:20]}, names[18]: 'fixed'}
    page.keyboard.press('Tab'); wait_name(page, names[21]); page.keyboard.press('Escape'); wait_name(page, names[22])
    page.keyboard.type('half')                             # the one that is being typed
    server.kill()
    rows = label_rows(folder)
    assert {k: o['text'] for k,o in rows.items() if o['status'] == 'labelled'} == wanted
    assert (rows[names[20]]['status'], rows[names[21]]['status']) == ('skipped','unreadable')
    page.keyboard.press('Enter')
    expect(page.locator('#message')).to_contain_text('does not answer')
    again = serve(folder, '--order', 'name', port=server.port)
    with page.expect_navigation(): page.keyboard.press('Enter')
    wait_name(page, names[22])                              # the page notices the restart, and brings back what was typed
    expect(page.locator('#text')).to_have_value('half')
    page.keyboard.type('d'); page.keyboard.press('Enter'); wait_name(page, names[23])
    again.kill(signal.SIGTERM)
    with (folder/'labels.csv').open(newline='') as f: done = {o['filename']: o['text'] for o in csv.DictReader(f) if o['status'] == 'labelled'}
    assert done == {**wanted, names[22]: 'halfd'}
    assert {o: (folder/o).read_bytes() for o in names} == bytes_before          # never renamed or changed

def test_suggestions_conflict_and_looks(serve, page, tmp_path):
    folder = tmp_path/'d'
    files = save_captchas('kaptcha', 12, folder, seed=3)
    save_captchas('dense', 2, tmp_path/'dense', seed=0)
    shutil.copy(sorted((tmp_path/'dense').glob('*.png'))[1], folder/'~dense.png')
    shutil.copy(files[0], folder/'!<b onclick=alert(1)>.png')
    server = serve(folder, '--order', 'name', '--model', Path(sys.modules['captcha_ocr'].__file__).parent/'models'/'captcha_images_v2.onnx')
    page.goto(server.address)
    wait_name(page, '!<b onclick=alert(1)>.png')           # text, not HTML
    expect(page.locator('#text')).to_have_value(files[0].stem)
    shoot(page, 'label'); narrow_enough(page)
    page.keyboard.press('Enter')
    second = sorted(o.name for o in files)[0]
    wait_name(page, second)
    row = label_rows(folder)['!<b onclick=alert(1)>.png']
    assert (row['text'], row['source']) == (files[0].stem, 'accepted')
    other = page.context.new_page(); other.goto(f'{server.address}?image={image_id(second)}')
    wait_name(other, second); other.keyboard.type('theirs'); other.keyboard.press('Enter'); other.locator('#message', has_text='Saved').wait_for()
    page.keyboard.type('mine'); page.keyboard.press('Enter')
    expect(page.locator('#message')).to_contain_text('Labelled “theirs” in another browser')
    assert texts(folder)[second] == 'theirs'
    shoot(page, 'conflict')
    page.keyboard.press('Enter'); page.locator('#message', has_text='Saved mine').wait_for()
    assert texts(folder)[second] == 'mine'
    expect(page.locator('#gain')).to_contain_text('accepted unchanged')
    page.goto(f'{server.address}?image={image_id("~dense.png")}'); wait_name(page, '~dense.png')
    assert page.locator('#mirror .doubtful, #mirror .unsure').count() >= 1          # a style that the reader does not know
    assert page.locator('#mirror').inner_text() == page.locator('#text').input_value()
    shoot(page, 'unsure')
    page.keyboard.press('Shift+Tab')                       # the field is no trap
    assert page.evaluate('document.activeElement.id') != 'text'
    assert [o for o in page.errors if '409' not in o] == []          # nothing that the policy blocks, and no script error

def test_an_old_copy_of_the_table_and_a_reload(serve, page, tmp_path):
    "A spreadsheet saves an edited old copy over labels.csv: the page shows both texts. A reload keeps the image."
    folder = tmp_path/'d'
    names = sorted(o.name for o in save_captchas('kaptcha', 5, folder, seed=3))
    server = serve(folder, '--order', 'name')
    page.goto(server.address)
    for i,name in enumerate(names[:2]):
        wait_name(page, name)
        page.keyboard.type(f'text{i}'); page.keyboard.press('Enter')
    wait_name(page, names[2])
    table = folder/'labels.csv'
    while not table.exists() or 'text1' not in table.read_text(): page.wait_for_timeout(100)
    old = re.sub(r'text0(.*?)[-\d]+T[^,\n]*', r'hand\g<1>', table.read_text())
    table.write_text('\n'.join(old.splitlines()[:2])+'\n')       # an old edit of the first row, and the second row is gone
    assert texts(folder) == {names[0]: 'text0', names[1]: 'text1'}
    page.reload(); wait_name(page, names[0])
    expect(page.locator('#note')).to_contain_text('labels.csv has “hand”, but “text0” was saved later')
    expect(page.locator('#counts')).to_contain_text('1 in conflict with labels.csv')
    shoot(page, 'old_copy'); narrow_enough(page)
    page.keyboard.press('ArrowDown'); expect(page.locator('#text')).to_have_value('hand')
    page.keyboard.press('Enter'); wait_name(page, names[2])
    page.reload(); wait_name(page, names[2])               # the same client keeps its image
    other = page.context.new_page(); other.goto(server.address); wait_name(other, names[3])
    other.reload(); wait_name(other, names[3])
    server.kill(signal.SIGTERM)
    with table.open(newline='') as f: assert {o['filename']: o['text'] for o in csv.DictReader(f)} == {names[0]: 'hand', names[1]: 'text1'}

def test_grid_and_review(serve, page, tmp_path):
    folder = tmp_path/'d'
    files = save_captchas('kaptcha', 6, tmp_path/'synthetic', seed=4)
    folder.mkdir()
    for i in range(24): shutil.copy(files[i%6], folder/f'{i:02}.png')
    server = serve(folder, '--model', Path(sys.modules['captcha_ocr'].__file__).parent/'models'/'captcha_images_v2.onnx')
    page.goto(f'{server.address}grid')
    page.locator('#cells button').first.wait_for()         # appears when the reader has read some
    while page.evaluate("fetch('/api/progress').then(o => o.json()).then(o => o.reading)"): page.wait_for_timeout(100)
    page.reload(); expect(page.locator('#cells button')).to_have_count(4)
    key = page.locator('#title code').inner_text()
    page.keyboard.press('ArrowRight'); page.keyboard.press('Space')
    odd = page.locator('#cells button[aria-pressed=true] img').get_attribute('alt')[:6]
    shoot(page, 'grid'); narrow_enough(page)
    page.keyboard.press('Enter'); page.locator('#message', has_text='3 images labelled').wait_for()
    found = texts(folder)
    assert set(found.values()) == {key} and len(found) == 3 and odd not in found
    page.locator('#by').select_option('char'); page.locator('#cells.chars button').first.wait_for()
    shoot(page, 'grid_chars'); narrow_enough(page)
    assert page.errors == []
    page.goto('about:blank'); server.kill()                # so that the page does not ask a dead server
    save_audit([Suspect(o, o.stem, 'wrong', .9, .01, 4.5) for o in files[:3]], tmp_path/'audit.csv')
    server = serve(tmp_path/'synthetic', '--review', tmp_path/'audit.csv')
    page.goto(server.address); wait_name(page, files[0].name)
    expect(page.locator('#text')).to_have_value(files[0].stem)
    shoot(page, 'review'); narrow_enough(page)
    page.keyboard.press('ArrowDown'); expect(page.locator('#text')).to_have_value('wrong')
    page.keyboard.press('Enter'); wait_name(page, files[1].name)
    page.keyboard.press('Enter'); wait_name(page, files[2].name)
    page.keyboard.press('Tab'); expect(page.locator('#message')).to_contain_text('The list is done')
    rows = label_rows(tmp_path/'synthetic')
    assert [(rows[o.name]['text'], rows[o.name]['source']) for o in files[:4]] == [('wrong','review'), (files[1].stem,'review'), (files[2].stem,'name'), (files[3].stem,'name')]
    assert page.errors == []
