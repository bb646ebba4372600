"The style checker finds what it should, in notebooks planted with one fault each, and nothing in a good one."
import json, shutil, subprocess

import nbformat, pytest
from nbformat.v4 import new_code_cell as code, new_markdown_cell as md, new_notebook, new_output

import style

GOOD = ['#| default_exp good', '#| export\nimport os\nfrom sys import path', '#| hide\nfrom fastcore.test import *',
        '#| export\ndef double(x:int # a number\n          )->int:\n    "Twice `x`"\n    return 2*x', 'double(2)', 'test_eq(double(2), 4)']
HOME = '/' + 'home/me'    # written so that the check does not find it in this file

@pytest.fixture
def project(tmp_path):
    "An empty project with the settings that the checker reads"
    (tmp_path/'nbs/tutorials').mkdir(parents=True)
    (tmp_path/'settings.ini').write_text('[DEFAULT]\ntst_flags = slow cuda notest\n')
    (tmp_path/'nbs/sidebar.yml').write_text('website:\n  sidebar:\n    contents: [00_good.ipynb]\n')
    return tmp_path

def write(root, *sources, name='nbs/00_good.ipynb', title='# good\n\n> A good notebook', outputs=()):
    "Write a notebook of code cells with `sources`, with `outputs` of the last one"
    cells = [md(title), *map(code, sources)]
    if outputs: cells[-1].outputs = list(outputs)
    nbformat.write(new_notebook(cells=cells), root/name)
    return root/name

def shown(txt): return new_output('execute_result', data={'text/plain': txt}, execution_count=None)

def found(project, *sources, **kwargs): return style.check_notebook(write(project, *sources, **kwargs), project, ['slow', 'cuda', 'notest'])

def test_good_notebook_and_project(project):
    assert found(project, *GOOD) == []
    assert style.problems(project) == []

@pytest.mark.parametrize('src', [
    'import os\nx = 1',                                     # an assignment
    'import os\nos.getcwd()',                               # a call
    'import os\ndef f(): return os',                        # a definition
    'x = 1\nif x: import os',                               # an import below an `if` is one too
    "import os\nos.environ['A'] = '1'",
    '%matplotlib inline\nimport os',                        # a magic is code
])
def test_imports_and_other_code(project, src):
    for directive in ('#| export\n', '#| hide\n', ''):
        res = found(project, *GOOD, directive+src)
        assert len(res) == 1 and res[0].startswith('nbs/00_good.ipynb:7: imports and other code')

@pytest.mark.parametrize('src', [
    '# why\nimport os, sys\nfrom sys import path',
    'from __future__ import annotations\nimport os',
    'try: import torch\nexcept ImportError: torch = None',
    'try:\n    import tomllib\nexcept ImportError:\n    import tomli as tomllib',
    'from typing import TYPE_CHECKING\nif TYPE_CHECKING: import torch',
    'import nbdev; nbdev.nbdev_export()',                   # nbdev's own idiom, which the docs build leaves out
    "os.environ.setdefault('A', '1')",
])
def test_imports_alone(project, src): assert found(project, *GOOD, '#| hide\n'+src) == []

def test_lazy_import_in_a_function(project): assert found(project, *GOOD, 'def f():\n    import os\n    return os') == []

def test_long_exported_cell(project):
    body = lambda n: 'def long():\n    "Many lines"\n' + '\n'.join(['    x = 1']*(n-2))
    assert found(project, *GOOD, '#| export\n'+body(40)) == []
    assert found(project, *GOOD, body(99)) == []            # not exported
    for d in ('export', 'exports', 'exporti', ' export'):
        assert found(project, *GOOD, f'#| {d}\n'+body(41))[0] == 'nbs/00_good.ipynb:7: exported cell of 41 lines: 40 at most'

def exports(*names): return [f'#| export\ndef {o}(): pass' for o in names]

@pytest.mark.parametrize('n_defs,tests,ok', [
    (3, ['test_eq(1, 1)'], True),
    (4, ['test_eq(1, 1)'], False),
    (4, ['test_eq(1, 1)\ntest_close(1, 1)'], True),
    (4, ['test_eq(1, 1)', 'with expect_fail(ValueError): int("x")'], True),
    (4, ['test_eq(1, 1)', 'with ExceptionExpected(ValueError): int("x")'], True),
    (4, ['test_eq(1, 1)', 'for i in range(3): ft.test_fail(f)'], True),
    (1, ['# test_eq(1, 1)'], False),                        # a comment
    (1, ['x = "test_eq(1, 1)"'], False),                    # a string
    (1, ['#| eval: false\ntest_eq(1, 1)'], False),          # never run
    (1, ['#| slow\ntest_eq(1, 1)'], False),                 # not run by the quick tests
    (1, ['#| export\ndef _f(): test_eq(1, 1)'], False),     # not a test of the notebook
])
def test_tests_for_definitions(project, n_defs, tests, ok):
    res = found(project, '#| default_exp good', *exports(*'abcdef'[:n_defs]), *tests)
    assert (res == []) is ok, res
    if not ok: assert 'exported definitions' in res[0]

def test_what_counts_as_a_definition(project):
    private = ['#| export\ndef _private(): pass', '#| exporti\ndef internal(): pass', 'def local(): pass', '#| export\nX = 1']
    assert found(project, '#| default_exp good', *private) == []
    for src in ('class A: pass', '@patch\ndef method(self:A): pass', 'async def f(): pass'):
        assert 'for 1 exported definitions' in found(project, '#| default_exp good', f'#| export\n{src}')[0]

@pytest.mark.parametrize('name', ['nbs/index.ipynb', 'nbs/tutorials/01_story.ipynb', 'kaggle/solution.ipynb'])
def test_stored_outputs(project, name):
    (project/'kaggle').mkdir()
    assert 'no stored output' in found(project, 'x = 1', name=name)[0]
    assert found(project, '1+1', name=name)[1].endswith(':1: ends in an expression but stores no output: run it, or end it in `;`')
    assert found(project, 'x = 1', '1+1', name=name, outputs=[shown('2')]) == []
    error = new_output('error', ename='ValueError', evalue='no', traceback=['no'])
    assert found(project, '1/0', name=name, outputs=[error])[0].endswith(':1: the stored output is an error')

@pytest.mark.parametrize('src', ['x = 1', 'plot();', 'test_eq(1, 1)', '#| hide\nf()', '#| eval: false\nf()', '#|eval:false\nf()',
                                 'for o in []: print(o)', '%matplotlib inline', '# a comment'])
def test_cells_that_need_no_output(project, src): assert found(project, src, '1', name='nbs/index.ipynb', outputs=[shown('1')]) == []

def test_library_notebooks_need_no_output(project): assert found(project, *GOOD, '1+1') == []

@pytest.mark.parametrize('title', ['good', '# good', '# good\n\nprose', '# good\n\n> what\n\nlost prose', '> what\n\n# good'])
def test_opening(project, title): assert found(project, *GOOD, title=title)[0].startswith('nbs/00_good.ipynb:0: must be')

def test_not_python(project): assert 'not valid Python' in found(project, *GOOD, 'def f(:')[0]

@pytest.mark.parametrize('spoil', [
    lambda nb: nb['cells'][1].pop('id'),                                    # a warning of nbformat's
    lambda nb: nb['cells'][1].update(id=nb['cells'][2]['id']),              # another
    lambda nb: nb['cells'][1].pop('outputs'),
    lambda nb: nb['cells'][1].update(cell_type='poem'),
    lambda nb: nb.update(nbformat=5),
])
def test_invalid_notebook(project, spoil):
    path = write(project, *GOOD)
    nb = json.loads(path.read_text())
    spoil(nb)
    path.write_text(json.dumps(nb))
    assert style.check_notebook(path, project)[0].startswith('nbs/00_good.ipynb: not a valid notebook')

def test_notebook_that_is_not_json(project):
    path = write(project)
    path.write_text('{')
    assert 'not a valid notebook' in style.check_notebook(path, project)[0]

def test_machine_path_in_a_notebook(project):
    assert f'machine path {HOME}' in found(project, *GOOD, f'x = "{HOME}"')[0]
    stream = new_output('stream', name='stdout', text=f'saved to {HOME}/x.png')
    for o in (shown(f"Path('{HOME}')"), stream, new_output('display_data', data={'text/html': f'<b>{HOME}</b>'})):
        assert found(project, *GOOD, 'f()', outputs=[o])[0].startswith(f'nbs/00_good.ipynb:7: machine path {HOME}')

@pytest.mark.parametrize('txt', ['https://a.b/home/x', '../work/x', '~/x', '/kaggle/working/x', 'at home/work/x', '/tmp/x'])
def test_not_a_machine_path(project, txt): assert found(project, *GOOD, f'x = "{txt}"') == []

def test_machine_path_in_a_file(project):
    write(project, *GOOD)
    (project/'a.py').write_text(f'x = 1\ny = "{HOME}/x"\n')
    assert style.problems(project) == [f'a.py:2: machine path {HOME}']

def test_big_file_with_and_without_git(project):
    write(project, *GOOD)
    (project/'big.bin').write_bytes(bytes(1_000_001))
    (project/'fits.bin').write_bytes(bytes(1_000_000))
    assert style.problems(project) == ['big.bin: 1.0 MB: 1 MB at most']
    if not shutil.which('git'): pytest.skip('no git')
    subprocess.run(['git', 'init', '-q', project], check=True)
    assert style.problems(project) == ['big.bin: 1.0 MB: 1 MB at most']
    (project/'.gitignore').write_text('*.bin\n')
    assert style.problems(project) == []

def test_sidebar(project):
    write(project, *GOOD, name='nbs/01_other.ipynb')
    assert style.problems(project) == ['nbs/sidebar.yml: 00_good.ipynb has no notebook', 'nbs/sidebar.yml: 01_other.ipynb is missing']

def test_package_data_is_tracked(project):
    with open(project/'settings.ini', 'a') as f: f.write('lib_path = lib\npackage_data = models/*\n')
    (project/'lib/models').mkdir(parents=True)
    for o in ('model.bin', 'model.md'): (project/'lib/models'/o).write_text('x')
    subprocess.run(['git', 'init', '-q', project], check=True)
    (project/'.gitignore').write_text('*.md\n')
    assert list(style.package_data_is_tracked(project)) == ['lib/models/model.md: the package needs it, and git ignores it']

@pytest.mark.parametrize('url,ok', [
    ('https://me.github.io/lib', True), ('https://me.github.io/lib/good.html#top', True), ('https://me.github.io/lib/00_good.html', False),
    ('https://me.github.io/lib/tutorials/story.html', True), ('https://me.github.io/lib/tutorials/01_story.html', False),
    ('https://colab.research.google.com/github/me/lib/blob/main/nbs/00_good.ipynb', True),
    ('https://github.com/me/lib/blob/main/nbs/none.ipynb', False), ('https://github.com/me/other/blob/main/none', True),
    ('../00_good.ipynb', True), ('../good.ipynb', False), ('#here', True), ('https://a.b/none', True)])
def test_dead_links_are_found(project, url, ok):
    with open(project/'settings.ini', 'a') as f:
        f.write('doc_host = https://me.github.io\ndoc_baseurl = /lib\ngit_url = https://github.com/me/lib\n')
    write(project, *GOOD)
    story = write(project, '1', name='nbs/tutorials/01_story.ipynb', outputs=[shown('1')])
    nb = nbformat.read(story, as_version=4)
    nb.cells.append(md(f'[a]({url})')); nbformat.write(nb, story)
    target = url.partition('#')[0]
    assert style.problems(project) == ([] if ok else [f'nbs/tutorials/01_story.ipynb:2: link to {target}, which does not exist'])

def test_links_in_code_are_not_links(): assert style.link_targets('`[a](b)` and [c](d#e)\n```\n[f](g)\n```\n![h](i.png)') == ['d', 'i.png']

# Words and rhythm

@pytest.mark.parametrize('text,better', [
    ('Ten drawn captchas.', 'synthetic'), ('What stands in the image.', 'contains'), ('Training goes on.', 'resume'), ('It trains from chance.', 'from scratch'),
    ('Folds are dealt by label.', 'split'), ('A strange image.', 'unfamiliar'), ('The text is held back.', 'abstain'), ('mend the file', 'fix')])
def test_words_that_read_as_translated_are_found(project, text, better):
    path = write(project, *GOOD)
    nb = nbformat.read(path, as_version=4)
    nb.cells.append(md(text)); nbformat.write(nb, path)
    res = style.check_notebook(path, project)
    assert len(res) == 1 and better in res[0]

@pytest.mark.parametrize('src', ['x = 1  # what stands here', 'def f():\n    "It goes on."', 'raise ValueError("please mend the file")'])
def test_words_in_comments_docstrings_and_messages_are_found(project, src):
    res = found(project, *GOOD, src)
    assert len(res) == 1 and ': write ' in res[0]

@pytest.mark.parametrize('text', ['a standard, stand-alone program', 'understand', '`deal` is a name', '[here](stands.ipynb)', 'CTC stands for a long name', 'hand-drawn letters'])
def test_real_uses_of_the_words_are_not(text): assert style.translated(text) == []

def test_words_in_files_are_found(project):
    write(project, *GOOD)
    (project/'settings.ini').write_text('[DEFAULT]\nlib_path = lib\n')
    (project/'page.html').write_text('<p>fine</p>\n<p>It goes on.</p>')
    (project/'lib').mkdir(); (project/'lib/room.py').write_text('# it goes on')    # generated from a notebook, checked there
    assert list(style.plain_words_in_files(project)) == ['page.html:2: "goes on": write resume, continue']

def test_long_paragraphs_are_found(project):
    path = write(project, *GOOD)
    nb = nbformat.read(path, as_version=4)
    nb.cells += [md('word '*60), md('word '*61), md('- ' + 'word '*40 + '\n- ' + 'word '*40), md('|' + 'word '*99)]
    nbformat.write(nb, path)
    assert [o.split(': ')[1] for o in style.check_notebook(path, project)] == ['paragraph of 61 words']

def test_quantile():
    assert style.quantile([5,1,4,2,3], .5) == 3 and style.quantile(list(range(10)), .9) == 9 and style.quantile([7], .9) == 7

@pytest.mark.parametrize('cells,fault', [
    (['#| export\n' + '\n'.join(f'x{i} = {i}' for i in range(11))], 'exported cells have 11 lines at quantile 0.5'),
    (['#| export\nx = 1']*8 + ['#| export\n' + '\n'.join(f'x{i} = {i}' for i in range(23))], 'exported cells have 23 lines at quantile 0.9'),
    (['x = 1']*20 + ['y = ' + '1+'*70 + '1'], '1 of 21 lines are over 120 characters')])
def test_rhythm(project, cells, fault):
    write(project, *cells)
    assert [fault in o for o in style.rhythm(project)] == [True]
