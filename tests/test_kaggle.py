"What `make kaggle-test` says of a run: nothing of a good one, and a line for each thing that is wrong."
import csv, json, shutil

import nbformat, pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

import kaggle_test
from captcha_ocr.reader import Reader
from captcha_ocr.reading.model_file import find_model
from captcha_ocr.synth.styles import save_captchas

@pytest.fixture
def ran(tmp_path):
    cell = new_code_cell('quick = True', execution_count=1)
    cell.metadata.tags = ['injected-parameters']
    return new_notebook(cells=[cell, new_code_cell('1', execution_count=2)])

def said(nb, tmp_path):
    nbformat.write(nb, tmp_path/'ran.ipynb')
    return kaggle_test.bad_notebook(tmp_path/'ran.ipynb')

def test_notebook(ran, tmp_path):
    assert said(ran, tmp_path) == []
    ran.cells[1].outputs = [new_output('error', ename='ValueError', evalue='', traceback=[])]
    assert said(ran, tmp_path) == ['an error in the output: ValueError']
    ran.cells[1].update(execution_count=None, outputs=[])
    assert said(ran, tmp_path) == ['cell 1 was not run']
    del ran.cells[0]
    assert 'no cell with the tag parameters' in said(ran, tmp_path)[1]

def write(file, rows):
    with file.open('w', newline='') as f: csv.writer(f).writerows(rows)

@pytest.fixture
def out(tmp_path):
    "The folder that a good run would leave, by the model that comes with the package"
    files, out = save_captchas('kaptcha', 6, tmp_path/'data', seed=0), tmp_path/'out'
    out.mkdir()
    texts = [o.text for o in Reader('captcha_images_v2').read_many(files)]
    for o in kaggle_test.WROTE: (out/o).touch()
    shutil.copy(find_model('captcha_images_v2'), out/'model.onnx')
    write(out/'submission.csv', [('filename','text'), *((f.name, t) for f,t in zip(files, texts))])
    write(out/'predictions.csv', [('label','text'), *((f.stem, t) for f,t in zip(files, texts))])
    (out/'report.json').write_text(json.dumps(dict(n_valid=6, exact_match=sum(f.stem == t for f,t in zip(files, texts))/6)))
    return out

def test_output(out):
    data = out.parent/'data'
    assert kaggle_test.bad_output(out, data) == []
    write(out/'submission.csv', [('filename','text'), (next(data.glob('*.png')).name, 'zzzzz')])
    (out/'report.json').write_text('{"n_valid": 7, "exact_match": 1}')
    (out/'left').touch()
    assert [o.split(':')[0].split(' is')[0] for o in kaggle_test.bad_output(out, data)] == ['submission.csv', 'report.json and predictions.csv differ', 'left behind']
    (out/'model.onnx').unlink()
    assert kaggle_test.bad_output(out, data) == ['not written: model.onnx']
