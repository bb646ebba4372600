"""Pictures of the web app and the labelling page for their notebooks, taken with Playwright from Debian's Chromium.

    python scripts/screenshots.py [DIR [NAMES]]     # default: nbs/images, and all pictures that the notebooks show

Each is a PNG of at most 256 colours."""
import io, re, shutil, subprocess, sys, tempfile
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from bench_app import server
from browser import chromium
from project import ROOT

def save(png, file, colours=256):
    Image.open(io.BytesIO(png)).convert('RGB').quantize(colours, kmeans=4, dither=Image.Dither.NONE).save(file, optimize=True)
    return f'{file.name}: {file.stat().st_size/1e3:.0f} KB'

def shots(browser, url): # yields (name, PNG)
    for name,width,dark in (('desktop',860,False), ('desktop_dark',860,True), ('phone',360,False), ('phone_dark',360,True)):
        context = browser.new_context(viewport=dict(width=width, height=640), color_scheme='dark' if dark else 'light')
        page = context.new_page()
        page.goto(url)
        page.wait_for_load_state('networkidle')
        yield f'app_start_{name}', page.screenshot(full_page=True)
        page.locator('[name=example]').first.click()
        page.locator('.alternatives').first.wait_for()
        yield f'app_card_{name}', page.locator('.card').screenshot()
        page.goto(f'{url}/api')
        yield f'app_api_{name}', page.screenshot(full_page=False)
        context.close()

def table(browser, url, files): # the page with many images
    page = browser.new_page(viewport=dict(width=860, height=640))
    page.goto(url)
    page.set_input_files('#image', files)
    page.locator('#table').wait_for()
    return page.locator('#table').screenshot()

@contextmanager
def label_server(folder):
    "The address of a labelling page; SIGTERM ends its process"
    code = 'from captcha_ocr.cli import main; main()'
    model = ROOT/'captcha_ocr'/'models'/'captcha_images_v2.onnx'
    words = [sys.executable, '-u', '-c', code, 'label', folder, '--order', 'name', '--model', model, '--port', '0']
    process = subprocess.Popen(list(map(str, words)), stdout=subprocess.PIPE, text=True)
    try: yield re.search(r'http://\S+', process.stdout.readline())[0]
    finally: process.terminate(); process.wait(20)

def label_shots(browser, folder): # yields (name, PNG)
    from captcha_ocr.synth.styles import save_captchas
    for i,o in enumerate(save_captchas('kaptcha', 40, folder/'made', seed=3)): shutil.copy(o, folder/f'{i:02}.png')
    save_captchas('dense', 2, folder/'dense', seed=0)
    shutil.copy(sorted((folder/'dense').glob('*.png'))[1], folder/'03.png')
    for o in ('made', 'dense'): shutil.rmtree(folder/o)
    with label_server(folder) as url:
        page = browser.new_page(viewport=dict(width=760, height=680))
        page.goto(url)
        for i in range(3):
            page.locator('#name', has_text=f'{i:02}.png').wait_for()
            page.keyboard.press('Enter')
        page.locator('#name', has_text='03.png').wait_for()
        yield 'label_page', page.screenshot()
        page.goto(f'{url}grid')
        page.locator('#by').select_option('char')
        page.locator('#cells.chars button').first.wait_for()
        while page.evaluate("fetch('/api/progress').then(o => o.json()).then(o => o.reading)"): page.wait_for_timeout(100)
        page.reload()
        page.locator('#by').select_option('char')
        page.locator('#cells.chars button').first.wait_for()
        page.keyboard.press('ArrowRight')
        page.keyboard.press('Space')
        yield 'label_grid', page.screenshot()

def app_shots(browser, folder):
    from captcha_ocr.synth.styles import save_captchas
    with server('--feedback', folder/'feedback') as (_,port):
        yield from shots(browser, f'http://127.0.0.1:{port}')
        files = save_captchas('kaptcha', 4, folder/'a', seed=3) + save_captchas('dense', 1, folder/'b', seed=3)
        yield 'app_table', table(browser, f'http://127.0.0.1:{port}', files)

def main(folder=ROOT/'nbs'/'images',
         names='app_start_desktop app_card_desktop app_card_phone_dark app_table label_page label_grid'):
    folder, wanted = Path(folder), names.split()
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for prefix,pictures in [('app', app_shots), ('label', label_shots)]:
            if not any(o.startswith(prefix) for o in wanted): continue
            with tempfile.TemporaryDirectory() as d:
                found = dict(pictures(browser, Path(d)))
            for name in found.keys() & set(wanted): print(save(found[name], folder/f'{name}.png'))

if __name__ == '__main__': main(*sys.argv[1:])
