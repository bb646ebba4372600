"The Kaggle page agrees with itself and with README; `make kaggle-test` reports each fault of a run, and none of a good one."
import csv, json, re, shutil

import nbformat, pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

import kaggle_test
from captcha_ocr.reader import Reader
from captcha_ocr.reading.model_file import find_model
from captcha_ocr.synth.styles import save_captchas
from project import ROOT

PAGE = nbformat.read(kaggle_test.NOTEBOOK, as_version=4).cells
PROSE = '\n'.join(c.source for c in PAGE if c.cell_type == 'markdown')

def shown_text(): # all text outputs of the page
    return '\n'.join(o.get('data', {}).get('text/plain', '') for c in PAGE if c.cell_type == 'code' for o in c.outputs)

def test_title_and_first_lines_give_the_result_of_the_stored_run():
    share, low, high = re.search(r'exact match \d+/\d+ = (\S+) \(95% interval (\S+) to ([^)]+)\)', shown_text()).groups()
    assert share in PAGE[0].source.splitlines()[0]
    assert all(o in PAGE[1].source.splitlines()[0] for o in (share, low, high))

def test_contents_list_the_sections_in_order():
    sections = re.findall(r'^## (\d+\..+)', PROSE, re.M)
    listed = re.findall(r'^(\d+\.) \[(.+)\]\(#(.+)\)$', PROSE, re.M)
    assert [f'{n} {title}' for n,title,_ in listed] == sections
    assert [anchor for *_,anchor in listed] == [o.replace(' ', '-') for o in sections]    # as Jupyter and Kaggle make them

def test_no_code_line_is_over_100_characters():
    assert [o for c in PAGE if c.cell_type == 'code' for o in c.source.splitlines() if len(o) > 100] == []

def table_rows(text): return [o for o in text.splitlines() if o.startswith('| `') and ' s | ' in o]

def test_the_conclusion_has_the_table_of_the_readme():
    found = table_rows(PROSE)
    assert len(found) >= 3 and found == table_rows((ROOT/'README.md').read_text(encoding='utf-8'))

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
