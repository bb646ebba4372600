"README.md is made from the index notebook without quarto, and says the same."
import base64

import nbformat, pytest
from nbformat.v4 import new_code_cell as code, new_markdown_cell as md, new_notebook, new_output

import readme

PNG = base64.b64decode('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==')

def shown(**data): return [new_output('display_data', data={k.replace('_','/'): v for k,v in data.items()})]
def picture(): return shown(image_png=base64.b64encode(PNG).decode(), text_plain='<Figure>')

def make(root, *cells):
    (root/'nbs').mkdir(exist_ok=True)
    nbformat.write(new_notebook(cells=[md('# title\n\n> what it is'), *cells]), root/'nbs/index.ipynb')
    return root

def page(root, *cells): return readme.build(make(root, *cells))['README.md'].decode()

def test_title_prose_code_output(tmp_path):
    res = page(tmp_path, md('Some *prose*.'), code('1+1', outputs=shown(text_plain='2')))
    assert res == f'# title\n\n{readme.WARNING}\n\n> what it is\n\nSome *prose*.\n\n```python\n1+1\n```\n\n    2\n'

def test_hidden_cells_and_options(tmp_path):
    out = shown(text_plain='OUT')
    assert 'SRC' not in page(tmp_path, code('#| hide\nSRC', outputs=out))
    res = page(tmp_path, code('#| echo: false\nSRC', outputs=out))
    assert 'OUT' in res and 'SRC' not in res and '```' not in res
    res = page(tmp_path, code('#| output: false\nSRC', outputs=out))
    assert 'SRC' in res and 'OUT' not in res and '#|' not in res
    res = page(tmp_path, code('#| include: false\nSRC', outputs=out))
    assert 'SRC' not in res and 'OUT' not in res

def test_pictures_have_files_and_alternative_text(tmp_path):
    dropped = code('#| include: false\nx')    # the numbering must not slip
    files = readme.build(make(tmp_path, dropped, code('#| fig-alt: "A captcha"\nplot()', outputs=picture())))
    name, = [o for o in files if o.endswith('.png')]
    assert files[name] == PNG and f'![A captcha]({name})' in files['README.md'].decode()

def test_tables_come_without_style_sheets(tmp_path):
    html = '<div><style scoped>\n    td { color: red }\n</style><table><tr><td>7</td></tr></table></div>'
    res = page(tmp_path, code('df', outputs=shown(text_html=html, text_plain='7')))
    assert '<td>7</td>' in res and 'style' not in res

@pytest.mark.parametrize('link,want', [
    ('[a](00_a.ipynb)', '[a](nbs/00_a.ipynb)'), ('[a](tutorials/a.ipynb#top)', '[a](nbs/tutorials/a.ipynb#top)'),
    ('![a](images/a.png "t")', '![a](nbs/images/a.png "t")'), ('[a](../LICENSE)', '[a](LICENSE)'),
    ('<img src="a.png">', '<img src="nbs/a.png">'), ('[a](https://a.b/c)', None), ('[a](#top)', None),
    ('`[a](b)`', None), ('```\n[a](b)\n```', None), ('[a](mailto:a@b.c)', None)])
def test_relative_links(link, want): assert readme.relink(link) == (want or link)

def test_differences_are_found_and_mended(tmp_path):
    make(tmp_path, code('plot()', outputs=picture()))
    assert [o.split(':')[0] for o in readme.differences(tmp_path)] == ['README.md', 'README_files/index_0_0.png']
    readme.write(tmp_path)
    assert readme.differences(tmp_path) == []
    (tmp_path/'README_files/old.png').write_bytes(PNG)
    assert [o.split(':')[0] for o in readme.differences(tmp_path)] == ['README_files/old.png']
    (tmp_path/'README.md').write_text('edited')
    assert [o.split(':')[0] for o in readme.differences(tmp_path)] == ['README.md', 'README_files/old.png']
    readme.write(tmp_path)
    assert readme.differences(tmp_path) == []
