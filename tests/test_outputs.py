"`make outputs` finds a stored output that is not true any more, and nothing that merely depends on the machine."
import nbformat, pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import outputs

@pytest.mark.parametrize('stored,fresh', [
    ('350/400 right', '350/400   right\n'),
    ('loss 0.2251', 'loss 0.2252'), ('loss 12.51', 'loss 12.60'), ('[0.1, 0.9]', '[0.1, 0.8]'),
    ('worst 2.00e-06', 'worst 2.01e-06'),
    ('took 0.51 s', 'took 12 s'), ('1,234 images a second', '99 images a second'), ('8.9 minutes', '14 minutes'),
    ('<A at 0x7f01>', '<A at 0x7f99>'), ('in /tmp/tmpabc/x.png', 'in /tmp/tmpdef/x.png'), ('2026-11-25 10:20', '2026-12-01 01:02'),
    ('2026-11-25T10:20:30.902325+00:00', '2026-12-01T01:02:03.57+00:00')])
def test_equal(stored, fresh): assert outputs.difference(stored, fresh) is None

@pytest.mark.parametrize('stored,fresh', [
    ('350/400 right', '307/400 right'), ('0.225', '0.2283'), ('0.3651', '0.3334'), ('39 of 47', '47 of 47'),
    ('read abc', 'read abd'), ('12 images', '13 images'), ('2e-06', '2e-05'), ('a 1.0', 'a 1.0 2.0'), ('-0.5', '0.5'), ('', 'x')])
def test_different(stored, fresh): assert outputs.difference(stored, fresh) is not None

def test_difference_shows_both(): assert outputs.difference('39 of 47 right', '47 of 47 right') == "'39 of 47 right' is now '47 of 47 right'"

def test_text_of_outputs():
    html = '<style>td { color: 1 }</style><table><tr><td>7 &amp; 8</td></tr></table>'
    styler = new_output('display_data', data={'text/plain': '<pandas.io.formats.style.Styler>', 'text/html': html})
    frame = new_output('display_data', data={'text/plain': '   a\n0  7', 'text/html': html})
    streams = [new_output('stream', name=o, text=o) for o in ('stdout', 'stderr')]
    assert outputs.normal(outputs.shown([styler])) == '7 & 8'
    assert outputs.normal(outputs.shown([frame])) == 'a 0 7'
    assert outputs.normal(outputs.shown(streams)) == 'stdout'

def test_a_notebook_is_run_and_compared(tmp_path):
    def stored(src, text): return new_code_cell(src, outputs=[new_output('execute_result', data={'text/plain': text})])
    cells = [new_markdown_cell('# a'), stored('x = 2; x', '2'), stored('x+1', '2'), stored('#| varies\nx', '7'),
             stored('#| slow\nx = 9; x', '7'), stored('x*2.', '4.0')]
    nbformat.write(new_notebook(cells=cells), tmp_path/'a.ipynb')
    assert list(outputs.check(tmp_path/'a.ipynb', ['slow'])) == [(2, "'2' is now '3'")]

def test_an_error_ends_the_run(tmp_path):
    nbformat.write(new_notebook(cells=[new_code_cell('1/0'), new_code_cell('2')]), tmp_path/'a.ipynb')
    (idx, problem), = outputs.check(tmp_path/'a.ipynb', [])
    assert idx == 0 and 'ZeroDivisionError' in problem
