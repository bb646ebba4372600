"The project's own files agree with each other, and every module can be imported."
import re, subprocess, sys

import pytest

from project import ROOT, settings

PINS = [o for o in (ROOT/'constraints.txt').read_text().splitlines() if o and not o.startswith('#')]

def test_constraints_hold_versions_alone():
    odd = [o for o in PINS if not re.fullmatch(r'[a-z0-9._-]+==[^\s;@]+( ; .*)?', o)]
    assert odd == [], 'index addresses, paths and local versions have no place in constraints.txt'

@pytest.mark.parametrize('pin', ['torch==2.13.0', 'nbdev==2.4.14', 'albumentations==2.0.8'])
def test_constraints_pin(pin): assert pin in PINS

def test_reading_requires_no_torch():
    "What `pip install` without an extra brings in"
    assert not re.search(r'torch|fastai|albumentations|opencv|matplotlib', settings()['requirements'])

def test_nobody_is_told_to_install_another_package():
    "captcha-ocr and captcha_ocr on the package index belong to someone else"
    texts = {o: o.read_text(encoding='utf-8') for p in ('*.md', 'nbs/**/*.ipynb', 'captcha_ocr/**/*.py') for o in ROOT.glob(p)}
    assert [o.name for o,t in texts.items() if re.search(r'pip install (-\S+ )*[\'"]?captcha[-_]ocr(?!-fastai)', t)] == []

def test_every_module_imports(tmp_path):
    "All of them in one fresh process, away from the sources: as a user's program would"
    lib = settings()['lib_path']
    names = [f'{lib}.{o.stem}' for o in sorted((ROOT/lib).glob('*.py')) if not o.name.startswith('_')]
    code = '\n'.join(f'import {o}' for o in names)
    res = subprocess.run([sys.executable, '-c', code], cwd=tmp_path, capture_output=True, text=True)
    assert names and res.returncode == 0, res.stderr
