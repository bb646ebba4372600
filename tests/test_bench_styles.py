"The command of the style benchmark: what it prints, what it would measure, what it refuses."
import csv, json, sys

import pytest
from PIL import Image

@pytest.fixture
def bench(monkeypatch):
    "The script as a module, without images from the environment"
    monkeypatch.delenv('CAPTCHA_OCR_STYLES', raising=False)
    import bench_styles
    return bench_styles

def make_set(folder, texts):
    folder.mkdir(parents=True)
    for t in texts: Image.new('RGB', (60,20), 'white').save(folder/f'{t}.png')
    with (folder/'labels.csv').open('w', newline='') as f:
        csv.writer(f).writerows([('filename','text'), *((f'{t}.png', t) for t in texts)])

def run(bench, monkeypatch, *args):
    monkeypatch.setattr(sys, 'argv', ['bench_styles.py', *map(str, args)])
    bench.main()

def test_prints_committed_rows(bench, monkeypatch, capsys):
    "Without images nothing is measured, and the table has every development set and peer"
    monkeypatch.setattr(bench, 'measure', None)
    run(bench, monkeypatch)
    out = capsys.readouterr().out
    for name in (*bench.PEERS, 'taiwan_railway', 'django', 'mean of the ten'): assert name in out
    assert '| vtop_vit ' in out.split('Exact match')[1]

def test_measures_what_is_missing(bench, monkeypatch, capsys, tmp_path):
    "A new set is read once; a second run finds its row; another model file gets a row of its own"
    make_set(tmp_path/'mine', ['ab','cd'])
    out, model = tmp_path/'rows.jsonl', bench.find_model('captcha_images_v2')
    args = [tmp_path/'mine', '--labels', '0', '--out', out]
    run(bench, monkeypatch, *args, '--readers', 'captcha_images_v2')
    run(bench, monkeypatch, *args, '--readers', 'captcha_images_v2')
    printed = capsys.readouterr().out
    assert '1 sets, 1 rows, 1 to measure' in printed and '1 sets, 1 rows, 0 to measure' in printed
    run(bench, monkeypatch, *args, '--readers', f'other={model}')
    rows = [json.loads(o) for o in out.read_text().splitlines()]
    assert [(r['set'], r['reader'], r['n']) for r in rows] == [('mine','captcha_images_v2',2), ('mine','other',2)]
    assert rows[0]['model'] == rows[1]['model'] == bench.file_checksum(model)

def test_environment_names_roots(bench, monkeypatch, tmp_path):
    "CAPTCHA_OCR_STYLES holds several folders"
    seen = []
    monkeypatch.setattr(bench, 'measure', lambda args, roots: seen.extend(roots))
    monkeypatch.setenv('CAPTCHA_OCR_STYLES', bench.os.pathsep.join(['one','two']))
    run(bench, monkeypatch)
    assert seen == ['one','two']

@pytest.mark.parametrize('args,problem', [(['absent'], 'absent: not a folder'), (['.', '--readers', 'universl'], 'universl')])
def test_refuses(bench, monkeypatch, tmp_path, args, problem):
    "A wrong folder or reader is an error of one line"
    monkeypatch.chdir(tmp_path)
    with pytest.raises(bench.CaptchaError, match=problem): run(bench, monkeypatch, *args)

def test_folder_without_sets(bench, monkeypatch, tmp_path):
    with pytest.raises(bench.CaptchaError, match='no style set'): run(bench, monkeypatch, tmp_path, '--labels', '0')
