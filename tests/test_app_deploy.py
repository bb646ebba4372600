"The files in deploy/: the installation in a clean environment, the Dockerfile, the systemd unit, the Space."
import json, os, re, runpy, shutil, subprocess, sys, types
from configparser import ConfigParser

import pytest, yaml
from PIL import Image

from project import ROOT, settings

DEPLOY = ROOT/'deploy'

@pytest.mark.skipif('CAPTCHA_OCR_SLOW' not in os.environ, reason='takes a minute and the package index: CAPTCHA_OCR_SLOW=1')
def test_install(tmp_path):
    "The package installs into a clean environment, without this checkout on the path"
    env = {k: v for k,v in os.environ.items() if k != 'PYTHONPATH'}
    res = subprocess.run([DEPLOY/'install.sh', tmp_path/'app'], env={**env, 'PYTHON': sys.executable}, capture_output=True, text=True)
    assert res.returncode == 0, res.stderr
    assert 'own or may test' in subprocess.run([tmp_path/'app'/'bin'/'captcha-ocr', 'serve', '--help'], env={**env, 'COLUMNS': '300'}, cwd=tmp_path, capture_output=True, text=True).stdout

def instructions(text):
    "(name, rest) of each instruction of a Dockerfile"
    lines = [o for o in text.splitlines() if o.strip() and not o.startswith('#')]
    return [tuple(o.split(maxsplit=1)) for o in lines]

def image_problems(text):
    "What is wrong with a Dockerfile: installs outside the tested script, root at the end, files that are missing"
    found, user = [], 'root'
    for name,rest in instructions(text):
        if name == 'USER': user = rest
        if name == 'RUN' and not re.match(r'sh /src/deploy/install\.sh /\S+$|useradd ', rest): found.append(f'RUN {rest}')
        if name == 'COPY' and '--from' not in rest and not (ROOT/rest.split()[0]).exists(): found.append(f'COPY {rest}')
    entry = [rest for name,rest in instructions(text) if name == 'ENTRYPOINT']
    if len(entry) != 1 or json.loads(entry[0])[:2] != ['captcha-ocr','serve']: found.append(f'ENTRYPOINT {entry}')
    return found + ([f'USER {user}'] if user == 'root' else [])

def test_dockerfile():
    "The image is built by the script that `test_install` tests, and runs as an ordinary user"
    text = (DEPLOY/'Dockerfile').read_text()
    assert image_problems(text) == []
    for planted in ('RUN pip install torch', 'USER root', 'COPY absent.txt /x', 'ENTRYPOINT ["sh"]'):
        assert len(image_problems(f'{text}\n{planted}')) == 1, planted
    users = re.findall(r'useradd .*?(\S+)$', text, re.M)
    assert dict(instructions(text))['USER'] in users
    subprocess.run(['sh', '-n', DEPLOY/'install.sh'], check=True)

def test_base_image():
    "Both stages start from one image of an exact version, or from the digest that a builder gives"
    stages = [rest.split()[0] for name,rest in instructions((DEPLOY/'Dockerfile').read_text()) if name == 'FROM']
    arguments = [rest for name,rest in instructions((DEPLOY/'Dockerfile').read_text()) if name == 'ARG']
    assert set(stages) == {'${PYTHON_IMAGE}'} and len(arguments) == 1
    assert re.fullmatch(r'PYTHON_IMAGE=python:3\.\d+\.\d+-slim-\w+', arguments[0])

def pinned(file):
    "{name and marker: version} of a requirements file that uv wrote"
    lines = [o.removesuffix('\\').strip() for o in file.read_text().splitlines() if re.match(r'\w', o)]
    return {(o.split('==')[0], o.partition(';')[2].strip()): re.search('==([^ ;]+)', o)[1] for o in lines}

def test_hashes():
    "install.sh accepts nothing but the files of requirements.txt: each package has hashes, none differs from constraints.txt"
    blocks = re.split(r'\n(?=\w)', (DEPLOY/'requirements.txt').read_text())[1:]
    assert len(blocks) > 20 and all('--hash=sha256:' in o for o in blocks)
    deploy, all_of_them = pinned(DEPLOY/'requirements.txt'), pinned(ROOT/'constraints.txt')
    versions = {}
    for (name,_),v in all_of_them.items(): versions.setdefault(name, set()).add(v)
    assert not [k for k,v in deploy.items() if v not in versions.get(k[0], {v})]
    wanted = {re.match(r'[\w-]+', o)[0] for o in settings()['requirements'].split()}
    assert wanted <= {name for name,_ in deploy}
    assert '--require-hashes' in (DEPLOY/'install.sh').read_text()

WORKFLOWS = sorted((ROOT/'.github'/'workflows').glob('*.yaml'))

@pytest.mark.parametrize('file', WORKFLOWS, ids=lambda f: f.stem)
def test_workflow(file):
    "Actions are pinned by commit; a job that may write runs nothing of the repository"
    flow, text = yaml.safe_load(file.read_text()), file.read_text()
    unpinned = [o for o in re.findall(r'uses: (\S+)', text) if not re.search('@[0-9a-f]{40}$', o)]
    assert set(unpinned) <= {'quarto-dev/quarto-actions/setup@v2'}
    assert all(v == 'read' for v in flow['permissions'].values())
    for name,job in flow['jobs'].items():
        writes = 'write' in job.get('permissions', {}).values()
        assert not (writes and any('run' in o or 'checkout' in o['uses'] or 'setup' in o['uses'] for o in job['steps'])), name

def test_unit():
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(DEPLOY/'captcha-ocr.service')
    words = unit['Service']['ExecStart'].split()
    res = subprocess.run([sys.executable, '-c', 'from captcha_ocr.cli import main; main()', *words[1:], '--help'], capture_output=True, text=True)
    assert words[1] == 'serve' and res.returncode == 0, res.stderr
    if shutil.which('systemd-analyze'): assert 'Unknown' not in subprocess.run(['systemd-analyze', 'verify', DEPLOY/'captcha-ocr.service'], capture_output=True, text=True).stderr

def test_space(monkeypatch):
    "The wrapper with a stand-in for gradio, which is not installed here"
    class Error(Exception): pass
    made = {}
    stub = types.SimpleNamespace(Error=Error, Interface=lambda *a, **k: made.update(fn=a[0], n_in=len(a[1]), n_out=len(a[2])), **{o: lambda **k: k for o in ('Image','Textbox','Label')})
    monkeypatch.setitem(sys.modules, 'gradio', stub)
    runpy.run_path(str(DEPLOY/'space'/'app.py'))
    from captcha_ocr.synth.styles import generate
    im, text = next(generate('simple', 1, seed=0))
    found, confidences, unfamiliar = made['fn'](Image.fromarray(im), '4')
    assert found == text and len(confidences) == 5 and sum(confidences.values()) <= 1.0001
    assert (made['n_in'], made['n_out']) == (2,3) and unfamiliar == ''
    for wrong in [(None, ''), (Image.new('RGB', (1,90)), ''), (Image.fromarray(im), 'five')]:
        with pytest.raises(Error): made['fn'](*wrong)
