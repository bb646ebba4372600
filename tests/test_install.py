"""The install cell of the notebooks, run by a Python that has pip and nothing else: each failure is one sentence, a wheel is
installed after its SHA-256 was checked, and packages that are installed keep their versions."""
import hashlib, json, re, shutil, subprocess, sys, venv, zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

import install_cell, kaggle_push, kaggle_wheels
from project import ROOT, is_story, notebooks, settings

DRIVER = """
try: exec(compile(open('cell.py').read(), 'cell.py', 'exec'), dict(__name__='cell'))
except Exception as e: print(*e._render_traceback_()); raise SystemExit(3)
import captcha_ocr, importlib.metadata as m
print(captcha_ocr.__file__, *sorted(f"{o.metadata['Name']}=={o.version}" for o in m.distributions()))
"""
URL = 'http://127.0.0.1:9/captcha_ocr_fastai-0.1.0-py3-none-any.whl'    # nothing listens there

def cell_code(digest=None, **cfg): # the two cells in one
    imports, code = install_cell.cells({**settings(), **cfg})
    return imports + '\n' + install_cell.fill(code, 'SUMS_DIGEST', repr(digest))

@pytest.fixture
def python(tmp_path):
    "A Python of its own whose packages are pip alone"
    venv.create(tmp_path/'venv', symlinks=True, with_pip=False)
    site = next((tmp_path/'venv'/'lib').glob('python*/site-packages'))
    (site/'pip').symlink_to(Path(find_spec('pip').origin).parent)
    return tmp_path/'venv'/'bin'/'python', site

@pytest.fixture
def run_cell(python, tmp_path):
    "A function that runs the cell where Kaggle's inputs are in `tmp_path/'input'`; returns the exit status and what was printed"
    def run(code):
        work = tmp_path/'work'
        work.mkdir(exist_ok=True)
        (work/'cell.py').write_text(code.replace("'/kaggle/input", f"'{tmp_path}/input"))
        env = dict(PATH='', PIP_NO_INDEX='1' if 'RELEASE = None' in code else '0', PIP_CONFIG_FILE='/dev/null')
        res = subprocess.run([python[0], '-c', DRIVER], cwd=work, env=env, capture_output=True, text=True)
        assert res.stderr == ''
        return res.returncode, res.stdout.strip()
    return run

def make_wheel(folder, name, version='1.0'):
    "A small wheel of the package `name`"
    module = 'captcha_ocr' if name == 'captcha-ocr-fastai' else name.replace('-', '_')
    stem = f"{name.replace('-', '_')}-{version}"
    with zipfile.ZipFile(folder/f'{stem}-py3-none-any.whl', 'w') as z:
        z.writestr(f'{module}/__init__.py', '')
        z.writestr(f'{stem}.dist-info/METADATA', f'Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n')
        z.writestr(f'{stem}.dist-info/WHEEL', 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n')
        z.writestr(f'{stem}.dist-info/RECORD', '')
    return folder/f'{stem}-py3-none-any.whl'

@pytest.fixture(params=['captcha-ocr-wheels', 'datasets/me/captcha-ocr-wheels'])
def attached(tmp_path, request):
    "A data set of wheels as `make kaggle-push` makes it, in one of the places where Kaggle puts data sets"
    return make_dataset(tmp_path/'input'/request.param)

def make_dataset(folder):
    folder.mkdir(parents=True)
    for o in ('captcha-ocr-fastai', *map(kaggle_wheels.name, install_cell.missing())): make_wheel(folder, o, '1.22' if o == 'onnx' else '1.0')
    kaggle_wheels.write_sums(folder)
    return folder

def digest(file): return hashlib.sha256(file.read_bytes()).hexdigest()

def test_a_right_wheel_is_installed_and_a_second_run_changes_nothing(run_cell, attached):
    code = cell_code(digest(attached/'SHA256SUMS'))
    status, text = run_cell(code)
    assert status == 0 and '/site-packages/captcha_ocr/' in text
    names = {kaggle_wheels.name(o) for o in re.findall(r'(\S+)==', text)}
    assert names == {'captcha-ocr-fastai', *map(kaggle_wheels.name, install_cell.missing())}
    assert run_cell(code) == (status, text)

@pytest.mark.parametrize('version', [None, '1.18.0', '1.23.2'])
def test_an_onnx_that_is_installed_stays(run_cell, python, tmp_path, version):
    "The images have none, an old one or the newest"
    make_dataset(tmp_path/'input'/'wheels')
    if version:
        with zipfile.ZipFile(make_wheel(tmp_path, 'onnx', version)) as z: z.extractall(python[1])
    status, text = run_cell(cell_code())
    assert status == 0 and re.findall(r'onnx==(\S+)', text) == [version or '1.22']

# Failures: one sentence or two, in one line

def stops(run_cell, code, *words):
    status, text = run_cell(code)
    assert status == 3 and '\n' not in text and 'Traceback' not in text and text.endswith('.'), text
    for o in words: assert o in text
    return True

def test_without_a_data_set_nothing_is_fetched(run_cell):
    assert stops(run_cell, cell_code(), 'neither installed nor released', 'make kaggle-push')

def test_other_wheels_are_not_taken(run_cell, tmp_path):
    folder = tmp_path/'input'/'other'
    folder.mkdir(parents=True)
    for o in ('captcha-ocr', 'captcha-ocr-fastai-tools'): make_wheel(folder, o)
    assert stops(run_cell, cell_code(), 'neither installed nor released')

def test_a_wheel_of_another_hash_is_not_installed(run_cell, attached, python):
    make_wheel(attached, 'captcha-ocr-fastai').open('ab').write(b'x')
    assert stops(run_cell, cell_code(), 'captcha_ocr_fastai-1.0-py3-none-any.whl: the SHA-256 differs')
    assert not (python[1]/'captcha_ocr').exists()

def test_a_wheel_beside_the_packages_is_checked_too(run_cell, attached):
    make_wheel(attached, 'rapidfuzz', '2.0')
    assert stops(run_cell, cell_code(), 'rapidfuzz-2.0', 'SHA256SUMS')

def test_sums_that_fit_the_wheels_but_not_the_notebook(run_cell, attached):
    pushed = digest(attached/'SHA256SUMS')
    make_wheel(attached, 'captcha-ocr-fastai', '1.0').open('ab').write(b'x')
    kaggle_wheels.write_sums(attached)
    assert stops(run_cell, cell_code(pushed), 'pushed with another data set')

def test_sums_are_required(run_cell, attached):
    (attached/'SHA256SUMS').unlink()
    assert stops(run_cell, cell_code(), 'SHA256SUMS is missing')

def test_two_data_sets(run_cell, tmp_path):
    for o in 'ab': make_dataset(tmp_path/'input'/o)
    assert stops(run_cell, cell_code(), 'two wheels', 'Detach')

def test_a_file_that_is_no_wheel(run_cell, attached):
    (attached/'captcha_ocr_fastai-1.0-py3-none-any.whl').write_text('not a zip file')
    kaggle_wheels.write_sums(attached)
    status, text = run_cell(cell_code())
    assert status == 3 and '\n' not in text and 'could not be installed' in text

def test_a_dead_host(run_cell):
    status, text = run_cell(cell_code(released='True', release_url=URL, release_sha256='a'*64))
    assert status == 3 and '\n' not in text and 'could not be installed. ERROR: ' in text and '127.0.0.1' in text

def test_a_checkout_above_the_notebook_is_imported(run_cell, tmp_path):
    (tmp_path/'captcha_ocr').mkdir()
    (tmp_path/'captcha_ocr'/'__init__.py').touch()
    status, text = run_cell(cell_code(released='True', release_url=URL, release_sha256='a'*64))
    assert (status, text) == (0, f'{tmp_path}/captcha_ocr/__init__.py')

def test_jupyter_shows_the_sentence_alone(tmp_path, monkeypatch, capsys):
    from IPython.core.interactiveshell import InteractiveShell
    monkeypatch.chdir(tmp_path)
    code = cell_code().replace("find_spec('captcha_ocr')", 'False')
    InteractiveShell().run_cell(code)
    shown = capsys.readouterr().out.strip()
    assert shown.startswith('captcha_ocr is neither') and '\n' not in shown

# The cells in the notebooks

def test_unreleased_cells_hold_no_address():
    assert settings()['released'] == 'False' and '//' not in ''.join(install_cell.cells())

def test_a_release_is_pinned():
    cfg = {**settings(), 'released': 'True'}
    with pytest.raises(SystemExit, match='release_sha256'): install_cell.cells({**cfg, 'release_sha256': ''})
    code = install_cell.cells({**cfg, 'release_sha256': 'b'*64})[1]
    assert f"captcha_ocr_fastai-{cfg['version']}-py3-none-any.whl#sha256={'b'*64}'" in code

def test_all_stories_have_the_cells_of_install_py():
    assert [str(o) for o in install_cell.differing()] == []

def test_a_notebook_that_differs_is_found(tmp_path):
    story = next(filter(is_story, notebooks()))
    changed = tmp_path/story.name
    changed.write_text(story.read_text(encoding='utf-8').replace('class InstallError(Exception)', 'class InstallError(ValueError)'), encoding='utf-8')
    assert list(install_cell.differing([changed])) == [changed]

def test_packages_are_imported_by_their_own_names():
    "The cell asks for font_lato to know whether font-lato is there"
    assert [o for o in map(kaggle_wheels.name, install_cell.missing()) if not find_spec(o.replace('-', '_'))] == []

# What is pushed

@pytest.fixture
def pushed(tmp_path, monkeypatch, capsys):
    "What a dry run builds and prints, without building wheels"
    monkeypatch.setattr(kaggle_wheels, 'package_wheel', lambda folder: make_wheel(folder, 'captcha-ocr-fastai'))
    monkeypatch.setattr(kaggle_wheels, 'missing_wheels', lambda folder: [make_wheel(folder, kaggle_wheels.name(o)) for o in install_cell.missing()])
    kaggle_push.main('me', True, tmp_path/'build')
    return tmp_path/'build', capsys.readouterr().out

def test_dry_run(pushed):
    folder, text = pushed
    assert text.splitlines()[-3:] == [f"kaggle datasets version -p {folder}/wheels -m captcha_ocr {settings()['version']}",
                                      'kaggle datasets status me/captcha-ocr-wheels', f'kaggle kernels push -p {folder}/notebook']
    assert f'kaggle datasets create -p {folder}/wheels' in text

def test_metadata(pushed):
    data = json.loads((pushed[0]/'wheels'/'dataset-metadata.json').read_text())
    kernel = json.loads((pushed[0]/'notebook'/'kernel-metadata.json').read_text())
    assert data['id'] == 'me/captcha-ocr-wheels' and 6 <= len(data['title']) <= 50 and len(data['licenses']) == 1
    assert kernel['id'] == 'me/captcha-ocr-solution' and not kernel['enable_internet'] and kernel['is_private']
    assert kernel['dataset_sources'] == ['fournierp/captcha-version-2-images', 'me/captcha-ocr-wheels']
    assert sorted(o.name for o in (pushed[0]/'notebook').iterdir()) == [kernel['code_file'], 'kernel-metadata.json']

def test_the_pushed_notebook_installs_the_pushed_wheels(pushed, run_cell, tmp_path):
    shutil.copytree(pushed[0]/'wheels', tmp_path/'input'/'captcha-ocr-wheels')
    nb = json.loads((pushed[0]/'notebook'/'captcha_ocr_solution.ipynb').read_text(encoding='utf-8'))
    i = install_cell.position(nb)
    code = '\n'.join(''.join(c['source']) for c in nb['cells'][i-1:i+1])
    assert digest(tmp_path/'input'/'captcha-ocr-wheels'/'SHA256SUMS') in code
    assert run_cell(code)[0] == 0

def test_the_data_set_is_made_once_and_pushed_before_the_notebook(pushed, monkeypatch):
    folder = pushed[0]
    for before,verb in ((None, 'create'), ('ready', 'version')):
        states, calls = iter([before, 'pending', 'ready']), []
        monkeypatch.setattr(kaggle_push, 'status', lambda owner: next(states))
        monkeypatch.setattr(kaggle_push.time, 'sleep', lambda s: None)
        monkeypatch.setattr(kaggle_push.subprocess, 'run', lambda cmd, check: calls.append(cmd[1:3]))
        kaggle_push.push('me', folder/'wheels', folder/'notebook')
        assert calls == [['datasets', verb], ['kernels', 'push']] and next(states, None) is None

def test_an_owner_that_is_no_user_name():
    with pytest.raises(SystemExit, match='no Kaggle user name'): kaggle_push.main('../me', True)

def test_wheels_for_this_machine_alone_are_named(tmp_path):
    for o in ('a-1-py3-none-any.whl', 'onnx-1-cp312-abi3-manylinux_2_28_x86_64.whl', 'b-1-cp311-cp311-linux_x86_64.whl'): (tmp_path/o).touch()
    assert kaggle_wheels.unfit(tmp_path) == ['b-1-cp311-cp311-linux_x86_64.whl']
