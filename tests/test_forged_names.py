"File names with tabs, newlines and escape codes cannot forge rows of what the commands print."
import json, shutil, subprocess, sys

import pytest

from captcha_ocr.reading.model_file import find_model
from captcha_ocr.synth.styles import save_captchas

RUN = 'from captcha_ocr.cli import main; main()'
NAMES = ['a\tb.png', 'first\nsecond.png\tforged\t1.0000', '\x1b[2J\x1b[31mred.png', 'x\rgone.png', 'left\u202egnp.right', '\x9b31m.png']

def run(*words): return subprocess.run([sys.executable, '-c', RUN, *map(str, words)], capture_output=True, timeout=120)

@pytest.fixture
def folder(tmp_path):
    image = save_captchas('kaptcha', 1, tmp_path/'d', seed=0)[0]
    (tmp_path/'names').mkdir()
    for o in NAMES: shutil.copy(image, tmp_path/'names'/f'{o}.png')
    return tmp_path/'names'

@pytest.mark.skipif(sys.platform == 'win32', reason='Windows has no such names')
def test_read_prints_one_row_per_image(folder):
    (folder/'broken\n\x1b[31m.png').write_bytes(b'no image')
    done = run('read', folder, '--model', find_model('captcha_images_v2'))
    for stream in (done.stdout, done.stderr):
        assert not set(stream) & set(b'\x1b\r\x07') and '\u202e' not in stream.decode()
    rows = done.stdout.decode().splitlines()
    assert len(rows) == len(NAMES)+1 and done.returncode == 1
    assert all(o.split('\t')[0].startswith(str(folder)) for o in rows)
    assert len(done.stderr.decode().splitlines()) == 1
    entries = [json.loads(o) for o in run('read', folder, '--json', '--model', find_model('captcha_images_v2')).stdout.splitlines()]
    assert len(entries) == len(NAMES)+1           # JSON keeps the names as they are

@pytest.mark.skipif(sys.platform == 'win32', reason='Windows has no such names')
def test_check_prints_one_row_per_problem(folder):
    done = run('check', folder)
    rows = done.stdout.decode().splitlines()
    assert done.returncode == 1 and rows and all(len(o.split('\t')) == 2 and o.startswith(str(folder)) for o in rows)
    assert b'\x1b' not in done.stdout+done.stderr

def test_errors_are_one_line(tmp_path):
    for words in (['read', f'{tmp_path}/a\nb\x1b[31m.png'], ['check', f'{tmp_path}/a\nb'], ['serve', '--port', '99999'], ['label', tmp_path, '--port', '99999']):
        done = run(*words)
        assert done.returncode in (1, 2) and len(done.stderr.splitlines()) == 1 and b'\x1b' not in done.stderr, done.stderr
