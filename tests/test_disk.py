"A full or read-only disk, and names from other systems, end each command with one line."
import builtins, errno, io, os, sys
from pathlib import Path

import pytest

from captcha_ocr import cli
from captcha_ocr.synth.styles import save_captchas

@pytest.fixture(scope='module')
def captchas(tmp_path_factory):
    folder = tmp_path_factory.mktemp('synthetic')/'data'
    save_captchas('kaptcha', 6, folder, seed=0)
    return folder

@pytest.fixture
def run(monkeypatch, capsys):
    "Run a command in this process: exit code, stdout, stderr."
    def run(*words):
        monkeypatch.setattr(sys, 'argv', ['captcha-ocr', *map(str, words)])
        sys.stderr.reconfigure(errors='backslashreplace')    # as Python's own stderr
        with pytest.raises(SystemExit) as e: cli.main()
        return e.value.code or 0, *capsys.readouterr()
    return run

def broken_disk(monkeypatch, root, number):
    "Let everything that creates or writes a file below `root` fail with the error `number`."
    def refuse(path):
        if not isinstance(path, int) and str(os.fspath(path)).startswith(str(root)):
            raise OSError(number, os.strerror(number), str(path))
    def guard(module, name, writes):
        real = getattr(module, name)
        def guarded(path, *args, **kwargs):
            if writes(*args, **kwargs): refuse(path)
            return real(path, *args, **kwargs)
        monkeypatch.setattr(module, name, guarded)
    def opens_to_write(mode='r', *args, **kwargs): return any(o in mode for o in 'wax+')
    guard(builtins, 'open', opens_to_write)
    guard(io, 'open', opens_to_write)
    guard(os, 'open', lambda flags, *args, **kwargs: bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)))
    guard(os, 'mkdir', lambda *args, **kwargs: True)

COMMANDS = {'train': 'train {data} --out {out}/run --epochs 1 --from base',
            'evaluate': 'evaluate {data} --out {out}/run',
            'crossval': 'crossval {data} --out {out}/run --folds 2 --epochs 1',
            'learning-curve': 'learning-curve {data} --out {out}/run --counts 2 --epochs 1',
            'synth': 'synth kaptcha --count 2 --out {out}/data',
            'show-augment': 'show-augment {data} --out {out}/grid.png --count 1',
            'collect': 'collect http://127.0.0.1:9/x.png --out {out}/mine --delay 0',
            'label --import': 'label {out} --import names',
            'label --export': 'label {data} --export {out}/labels.json',
            'split': 'split {out}',
            'tune': 'tune {data} --out {out}/run --trials 1 --epochs 1'}

@pytest.mark.parametrize('number', [errno.EROFS, errno.ENOSPC])
@pytest.mark.parametrize('command', COMMANDS)
def test_a_broken_disk_is_one_line(command, number, captchas, tmp_path, run, monkeypatch):
    for f in captchas.iterdir(): (tmp_path/f.name).write_bytes(f.read_bytes())
    broken_disk(monkeypatch, tmp_path, number)
    code, _, err = run(*COMMANDS[command].format(data=captchas, out=tmp_path).split())
    lines = [o for o in err.splitlines() if o.strip()]
    assert code in (1,2) and os.strerror(number) in lines[-1], err
    assert 'Traceback' not in err and str(tmp_path) in lines[-1]

def test_names_from_another_system(captchas, tmp_path, run):
    "A name in GBK, as an old archive unpacks it on Linux: `check` names it, and no command ends in a traceback."
    folder = tmp_path/'data'
    folder.mkdir()
    some = next(captchas.glob('*.png')).read_bytes()
    for i in range(3): Path(os.fsdecode(os.fsencode(f'{folder}/123{i}')+b'_\xce\xca.png')).write_bytes(some)
    pattern = '--label-pattern', r'^(\d+)_'
    code, out, err = run('check', folder, *pattern)
    assert code == 1 and out.count(r'_\udcce\udcca.png') >= 3 and 'not UTF-8' in out
    for words in (['split', folder, '--by', 'random'], ['train', folder, '--out', tmp_path/'run']):
        code, out, err = run(*words, *pattern)
        assert code and 'not UTF-8' in err+out
    code, out, err = run('read', folder)
    assert code == 0 and len(out.splitlines()) == 3 and r'\udcce' in out

def test_texts_that_are_no_paths(run):
    for text, problem in {'iVBORw0KGgo'*400: 'base64', 'https://example.org/a.png': 'an address',
                          'data:image/png;base64,iVBORw0KGgo=': 'a data URL', 'x'*5000+'.png': 'File name too long'}.items():
        code, out, err = run('read', text)
        assert code == 1 and problem in err and len(err.splitlines()) == 1

def test_what_is_passed_over(captchas, tmp_path, run):
    for f in captchas.glob('*.png'): (tmp_path/f.stem).write_bytes(f.read_bytes())
    for name in ('a.heic', 'Labels.csv'): (tmp_path/name).touch()
    (tmp_path/'lost.png').symlink_to('nowhere')
    (tmp_path/'loop.png').symlink_to('loop.png')
    for command in ('check', 'read'):
        code, out, err = run(command, tmp_path)
        line, = [o for o in err.splitlines() if o.startswith('passed over: ')]
        assert code == 0 and '1 × .heic' in line and '2 × broken link' in line and 'Labels.csv' in line, err
    assert len(out.splitlines()) == len(list(captchas.glob('*.png')))
