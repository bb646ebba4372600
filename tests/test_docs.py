"What scripts/docs.py checks on the site, and what it adds to nbdev's pages."
import json, re
from typing import Annotated

import nbformat, pytest, typer, yaml
from execnb.nbio import dict2nb, mk_cell
from nbdev.process import extract_directives

import docs
from project import ROOT

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
    assert nb.cells[-1].outputs[0]['data']['text/markdown'] == '### Char\n```python\nclass Char(NamedTuple):\n    x0:int  # its first column\n```\n*One.*'

READER = '''
class Reader:
    "Reads."
    def __init__(self, file=None,   # a model
                 *, threads:int=None # how many
                ):
        self.file = file
    def read(self, src): return src
    @property
    def size(self)->int:  # in pixels
        "How big."
        return 1
class Problem(ValueError): "What is wrong."
class Bare(Base):
    def __init__(self, seed=0): self.seed = seed # a number
@patch
def stop(self:Reader, now:bool=True # at once
        )->None: # nothing
    "Stop."
async def later(n:'int'=1)->dict[str,int]: return {}
'''

@pytest.mark.parametrize('name,signature', [
    ('Reader', 'class Reader(file=None,   # a model\n             *, threads:int=None # how many\n            ):'), ('Reader.read', 'def read(self, src):'),
    ('Reader.size', '@property\ndef size(self)->int:  # in pixels'), ('Problem', 'class Problem(ValueError):'), ('Bare', 'class Bare(seed=0): # a number'),
    ('Reader.stop', 'def stop(self:Reader, now:bool=True # at once\n        )->None: # nothing'), ('later', "async def later(n:'int'=1)->dict[str,int]:")])
def test_signatures_are_shown_as_written(name, signature): assert '\n'.join(docs.signatures(READER)[name]) == signature

def test_the_signature_of_a_method_replaces_that_of_nbdev():
    nb = shown(f'#| export{READER}', 'show_doc(Reader.stop)', 'show_doc(elsewhere)')
    for o in nb.cells[1:]: o.outputs = [dict(data={'text/markdown': ['```python\ndef stop(now:bool=True, file:NoneType=None)\n```']})]
    docs.show_data(nb).begin()
    method, other = [o.outputs[0]['data']['text/markdown'] for o in nb.cells[1:]]
    assert method.startswith('```python\ndef stop(self:Reader, now:bool=True # at once') and 'NoneType' in other[0]

def test_the_command_page_has_what_help_prints():
    app = typer.Typer(rich_markup_mode=None, help='A tool.')
    @app.command()
    def read(file:Annotated[str, typer.Argument(help='an image | a [folder]')], many:Annotated[int, typer.Option(help='how many')]=3): "Read an image."
    @app.command('split-all')
    def split(): "Split."
    page = docs.command_page(app, 'tool')
    assert '[`split-all`](#split-all)' in page and '## read {#read}' in page and 'tool read [OPTIONS]' in page
    assert r'an image \| a \[folder\]' in page and '`--many' in page and 'how many' in page and r'\[default: 3\]' in page

def test_every_command_and_option_is_on_the_command_page():
    from captcha_ocr.cli import app
    page, group = docs.command_page(app, 'captcha-ocr'), typer.main.get_command(app)
    for name,command in group.commands.items():
        assert f'## {name} {{#{name}}}' in page
        for o in command.params: assert all(opt in page for opt in o.opts if opt.startswith('--')), (name, o.opts)

def test_every_address_field_and_answer_is_on_the_api_page():
    spec = json.loads((ROOT/'captcha_ocr/static/openapi.json').read_text())
    page = docs.api_page(spec)
    ids = re.findall(r'\{#([^}]+)\}', page)
    assert len(ids) == len(set(ids)) and set(re.findall(r'\(#([^)]+)\)', page)) <= set(ids)
    for path,methods in spec['paths'].items():
        for method,o in methods.items():
            part = page.split(f'## {method.upper()} {path} ')[1].split('\n## ')[0]
            assert all(f'| {code} |' in part for code in o['responses'])
    for schema in spec['components']['schemas'].values(): assert all(f'`{o}`' in page for o in schema.get('properties', []))

def test_columns_of_a_table_have_dashes_for_quarto():
    assert docs.table(('A', 'B'), ('x', 'y'*80)) == ['| A | B |', f"|---|{'-'*60}|", f"| x | {'y'*80} |", '']

def test_a_type_is_written_in_words():
    assert docs.type_of(dict(type='integer', minimum=1, maximum=9)) == 'integer from 1 to 9'
    assert docs.type_of(dict(type='array', items={'$ref': '#/components/schemas/Char'})) == 'list of [Char](#schema-char)'
    assert docs.type_of(dict(anyOf=[dict(type='string'), dict(const=1)])) == 'string or `1`'
    assert docs.type_of(dict(type=['string', 'null'])) == 'string or null'

def test_version_icon_and_repository_come_from_the_settings():
    web = docs.site_settings(dict(git_url='https://h/r', version='1.2', branch='main', title='T'))['website']
    assert web['favicon'] == 'icon.svg' and '1.2' in web['page-footer']['left']
    assert [o['href'] for o in web['navbar']['right']] == ['https://h/r/blob/main/CHANGELOG.md', 'https://h/r'] and web['navbar']['right'][0]['text'] == 'v1.2'
    assert 'site.yml' in yaml.safe_load((ROOT/'nbs/_quarto.yml').read_text())['metadata-files']

@pytest.mark.parametrize('html,problem', [
    ('<div class="cell-output cell-output-stderr"><pre>lib.py:3: UserWarning: old</pre></div>', 'prints "lib.py:3: UserWarning: old"'),
    ('<pre>def read(file:NoneType=None)</pre>', 'NoneType=None'), ('<pre>def Char(*args)</pre>', 'shows the class Char as a function')])
def test_warnings_and_signatures_that_nobody_wrote_are_found(project, html, problem):
    found = project(PAGE.replace('</main>', f'{html}</main>'))
    assert len(found) == 1 and problem in found[0]

def test_alternative_texts_may_have_colons():
    cell = mk_cell('#| fig-alt: Two rows: a "b"\n#| echo: false\nplot()')
    docs.quote_alt(cell)
    assert yaml.safe_load(cell.source.split('\n')[0][2:]) == {'fig-alt': 'Two rows: a "b"'} and cell.source.endswith('\n#| echo: false\nplot()')
    before = cell.source
    docs.quote_alt(cell)
    assert cell.source == before

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
