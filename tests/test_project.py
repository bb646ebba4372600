"The project's own files agree with each other, and every module can be imported."
import json, re, subprocess, sys

import pytest

import install_cell, kaggle_wheels
from project import ROOT, is_story, notebooks, settings

PINS = [o for o in (ROOT/'constraints.txt').read_text().splitlines() if o and not o.startswith('#')]

def test_constraints_hold_versions_alone():
    odd = [o for o in PINS if not re.fullmatch(r'[a-z0-9._-]+==[^\s;@]+( ; .*)?', o)]
    assert odd == [], 'index addresses, paths and local versions have no place in constraints.txt'

@pytest.mark.parametrize('pin', ['torch==2.13.0', 'nbdev==2.4.14', 'albumentations==2.0.8'])
def test_constraints_pin(pin): assert pin in PINS

def test_reading_requires_no_torch():
    "What `pip install` without an extra brings in"
    assert not re.search(r'torch|fastai|albumentations|opencv|matplotlib', settings()['requirements'])

def test_no_text_installs_another_package():
    "captcha-ocr and captcha_ocr on the package index belong to someone else"
    texts = {o: o.read_text(encoding='utf-8') for p in ('*.md', 'nbs/**/*.ipynb', 'kaggle/*', 'captcha_ocr/**/*.py') for o in ROOT.glob(p)}
    assert [o.name for o,t in texts.items() if re.search(r'pip install (-\S+ )*[\'"]?captcha[-_]ocr(?!-fastai)', t)] == []

def modules(root, lib):
    "Names of all modules under `lib`, those of sub-packages included"
    files = [o for o in sorted((root/lib).rglob('*.py')) if not o.name.startswith('_')]
    return [o.relative_to(root).with_suffix('').as_posix().replace('/', '.') for o in files]

def test_modules_of_sub_packages_are_found(tmp_path):
    (tmp_path/'lib/wing').mkdir(parents=True)
    for o in ('lib/__init__.py', 'lib/a.py', 'lib/wing/b.py'): (tmp_path/o).write_text('')
    assert modules(tmp_path, 'lib') == ['lib.a', 'lib.wing.b']

def test_every_module_imports(tmp_path):
    "All of them in one fresh process, away from the sources: as a user's program would"
    lib = settings()['lib_path']
    names = modules(ROOT, lib)
    assert {f'{lib}.charset', f'{lib}.data.images', f'{lib}.train.run'} <= set(names)
    code = '\n'.join(f'import {o}' for o in names)
    res = subprocess.run([sys.executable, '-c', code], cwd=tmp_path, capture_output=True, text=True)
    assert names and res.returncode == 0, res.stderr

def test_the_install_cell_adds_what_an_image_lacks():
    "missing.txt names each requirement that one of the two lists of versions does not, and what optuna needs beside Colab's packages"
    lacking = kaggle_wheels.missing('kaggle') | kaggle_wheels.missing('colab') | {'colorlog'}
    assert kaggle_wheels.named(ROOT/'kaggle'/'missing.txt') == lacking
    assert 'onnx' in kaggle_wheels.missing('colab') - kaggle_wheels.missing('kaggle')

@pytest.mark.parametrize('image', kaggle_wheels.IMAGES)
def test_an_image_has_what_training_needs(image):
    assert {'torch','fastai','fastcore','numpy','albumentations','pandas'} <= kaggle_wheels.named(kaggle_wheels.IMAGES[image][1])

@pytest.mark.parametrize('story', [o for o in notebooks() if is_story(o)], ids=lambda o: o.stem)
def test_stories_install_by_the_generated_cell_alone(story):
    code = [''.join(c['source']) for c in json.loads(story.read_text(encoding='utf-8'))['cells'] if c['cell_type'] == 'code']
    installing = [o for o in code if re.search(r'pip.{,20}install', o)]
    assert len(installing) == 1 and install_cell.MARKER in installing[0] and "'--no-deps'" in installing[0]

def test_kaggle_metadata():
    "A title that is not the slug's makes Kaggle rename the notebook; without a shape it gives a GPU of its choice"
    meta = json.loads((ROOT/'kaggle'/'kernel-metadata.json').read_text())
    assert meta['id'].split('/')[1] == meta['title'].lower().replace(' ', '-') and (ROOT/'kaggle'/meta['code_file']).exists()
    assert meta['machine_shape'] == 'NvidiaTeslaT4' and meta['dataset_sources'] == ['fournierp/captcha-version-2-images'] and not meta['enable_internet']
