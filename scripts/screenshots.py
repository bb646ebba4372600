"""Pictures of the web app for nbs/75_serve.pages.ipynb, taken with Playwright from Debian's Chromium.

    python scripts/screenshots.py [DIR]     # default: nbs/images

Each is a PNG of at most 64 colours."""
import io, sys, tempfile
from pathlib import Path

from PIL import Image

from bench_app import server
from browser import chromium
from project import ROOT

def save(png, file, colours=64):
    Image.open(io.BytesIO(png)).convert('RGB').quantize(colours, dither=Image.Dither.NONE).save(file, optimize=True)
    return f'{file.name}: {file.stat().st_size/1e3:.0f} KB'

def shots(browser, url): # yields (name, PNG)
    for name,width,dark in (('desktop',860,False), ('desktop_dark',860,True), ('phone',360,False), ('phone_dark',360,True)):
        context = browser.new_context(viewport=dict(width=width, height=640), color_scheme='dark' if dark else 'light')
        page = context.new_page()
        page.goto(url)
        page.wait_for_load_state('networkidle')
        yield f'app_start_{name}', page.screenshot(full_page=True)
        page.locator('[name=example]').first.click()
        page.get_by_text('It might also say').wait_for()
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

def main(folder=ROOT/'nbs'/'images', keep='app_start_desktop app_card_desktop app_card_phone_dark app_table'):
    from captcha_ocr.synth.styles import save_captchas
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as d, server('--feedback', f'{d}/feedback') as (_,port), chromium() as browser:
        found = dict(shots(browser, f'http://127.0.0.1:{port}'))
        files = save_captchas('kaptcha', 4, Path(d)/'a', seed=3) + save_captchas('dense', 1, Path(d)/'b', seed=3)
        found['app_table'] = table(browser, f'http://127.0.0.1:{port}', files)
        for name,png in found.items():
            if not keep or name in keep.split(): print(save(png, folder/f'{name}.png'))

if __name__ == '__main__': main(*sys.argv[1:])
