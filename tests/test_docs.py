"What scripts/docs.py checks on the site, and what it adds to nbdev's pages."
import nbformat, pytest
from execnb.nbio import dict2nb, mk_cell
from nbdev.process import extract_directives

import docs

SOURCE = '''__all__ = ['SIZE', 'read', 'Char']
SIZE = 48  # pixels
def read(file,  # a path
         n=1    # how many
        ):
    pass
class Char:
    x0:int  # its first column
'''
PAGE = '''<main><h2 id="read">read</h2><p><a href="https://h/r/blob/main/lib/room.py#L3">source</a></p><h3>read</h3>
SIZE Char <pre>def read(file, # a path
 n=1, # how many</pre> its first column <a href="#read">read</a> <a href="sub/other.html#part">other</a> <a href="https://h/x">out</a> <img src="p.png" alt="a captcha"></main>'''

@pytest.fixture
def project(tmp_path):
    "A project with a module `room`, and its site of two pages"
    (tmp_path/'settings.ini').write_text('[DEFAULT]\nlib_path = lib\ngit_url = https://h/r\nbranch = main\n')
    (tmp_path/'lib').mkdir(); (tmp_path/'lib/room.py').write_text(SOURCE)
    (tmp_path/'_docs/sub').mkdir(parents=True); (tmp_path/'_docs/p.png').write_bytes(b'')
    (tmp_path/'_docs/sub/other.html').write_text('<main><p id="part">part</p><a href="../room.html">back</a></main>')
    def found(page=PAGE):
        (tmp_path/'_docs/room.html').write_text(page)
        return docs.problems(tmp_path/'_docs', tmp_path)
    return found

def test_a_right_page_has_no_problem(project): assert project() == []

@pytest.mark.parametrize('old,new,problem', [
    ('sub/other.html#part', 'sub/none.html', 'there is no such file'), ('#part', '#gone', 'that page has no such part'), ('"#read"', '"#write"', 'that page has no such part'),
    ('src="p.png"', 'src="q.png"', 'there is no such file'), (' alt="a captcha"', '', 'without alternative text'), ('SIZE', '', 'does not name SIZE'),
    ('# how many', '', 'read: does not show "how many"'), ('its first column', '', 'Char: does not show "its first column"'), ('#L3', '#L8', 'read: its source is not at')])
def test_each_fault_is_found(project, old, new, problem):
    found = project(PAGE.replace(old, new))
    assert len(found) == 1 and found[0].startswith('room.html: ') and problem in found[0]

def test_a_fault_on_the_page_of_a_sub_package_is_found(project, tmp_path):
    (tmp_path/'lib/wing').mkdir(); (tmp_path/'lib/wing/door.py').write_text("__all__ = ['KNOB']\nKNOB = 1")
    (tmp_path/'_docs/wing.door.html').write_text('<main><p>nothing</p></main>')
    assert project() == ['wing.door.html: does not name KNOB']

def test_page_names_keep_their_dots(tmp_path):
    "`with_suffix` would take the wing for a suffix"
    (tmp_path/'settings.ini').write_text('[DEFAULT]\nlib_path = lib\n'); (tmp_path/'nbs').mkdir()
    (tmp_path/'nbs/02_data.files.ipynb').write_text('{}')
    assert docs.pages(tmp_path) == {'02_data.files': 'data.files'}

def shown(*cells):
    nb = dict2nb(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(o) for o in cells]))
    for o in nb.cells: o.directives_ = extract_directives(o)
    return nb

def test_constants_and_fields_are_shown_as_written():
    nb = shown('#| export\nSIZE = 48  # pixels\n_secret = 1\nclass Char(NamedTuple):\n    "One."\n    x0:int  # its first column', 'show_doc(Char)')
    nb.cells[1].outputs = [dict(data={'text/markdown': ['### Char\n', '```python\n', 'def Char(*args)\n', '```\n', '*One.*']})]
    docs.show_data(nb).begin()
    assert nb.cells[0].source == '```python\nSIZE = 48  # pixels\n```'
    assert nb.cells[-1].outputs[0]['data']['text/markdown'] == '### Char\n```python\nclass Char:\n    x0:int  # its first column\n```\n*One.*'

def test_names_are_linked_in_prose_alone():
    cell = mk_cell('`Charset` and `_modidx`\n```python\nx # a `Charset`\n```', 'markdown')
    docs.link_prose(cell)
    prose, code = cell.source.split('\n', 1)
    assert prose.startswith('[`Charset`](https://') and prose.endswith('charset.html#charset) and `_modidx`') and code == '```python\nx # a `Charset`\n```'

def test_pages_get_the_names_that_quarto_gives(tmp_path):
    (tmp_path/'00_room.html').write_text('<a href="00_room.html">a</a> <a href="https://h/d/room.html#x">b</a>')
    docs.rename(tmp_path, {'00_room': 'room'}); docs.relink(tmp_path, 'https://h/d')
    assert [o.name for o in tmp_path.iterdir()] == ['room.html']
    assert (tmp_path/'room.html').read_text() == '<a href="room.html">a</a> <a href="room.html#x">b</a>'
