"""Train the base that training with few labels starts from, on drawn captchas alone, and write its card.

    python scripts/pretrain.py [STATE]     # about half an hour on two cores; goes on where it was stopped, from the file STATE

No real image is used, here or to choose anything here: every style of `captcha_ocr.synth.styles` gives the same share of the pictures,
`wild` twice that of the others. Writes captcha_ocr/models/base.safetensors and base.md."""
import platform, sys, time
from collections import Counter
from pathlib import Path

from rich.console import Console

from captcha_ocr.charset import Charset
from captcha_ocr.data.images import open_image, to_pixels
from captcha_ocr.reading.search import decode
from captcha_ocr.train.learner import SaveState, captcha_learner, model_config, save_model
from captcha_ocr.train.loaders import SyntheticSample, captcha_dls
from captcha_ocr.synth.styles import STYLES
from captcha_ocr.train.run import ConsoleProgress
from project import ROOT

SHARES = {o: 2 if o == 'wild' else 1 for o in STYLES}
EPOCHS, PER_EPOCH, VALID = 44, 4_200, 420
CHARSET = ''.join(sorted(set().union(*(o.charset for o in STYLES.values()))))
CARD = """# base.safetensors

The network that `captcha-ocr train` starts from, unless `--no-pretrained` is given. It has read drawn captchas only, never a
real image; the styles it was drawn from were made to look like real ones, so on captchas of such kinds it reads most without any
training, and on others it knows letters and little else.

| | |
|---|---|
| data | {total:,} captchas drawn by `captcha_ocr.synth.styles`, each seen once: {shares} |
| characters | `{charset}` |
| reads right, of 200 drawn ones it has not seen | {scores} |
| recipe | {epochs} epochs of {per_epoch:,}, AdamW and one cycle as in `captcha_ocr.train.learner`, augmentation `light`; {seconds:.0f} s on {machine} |
| size | {kilobytes:.0f} KB, float32 |
| date | {date} |
| made by | `python scripts/pretrain.py` |

**Licence.** The weights are released with the package, under its licence. The typefaces are those of the packages named in `02_synth`.

**Use.** For research and learning, and for sites that you own or may test.
"""

def places(n, seed):
    "`n` places for drawn captchas, dealt to the styles by their shares"
    one = n//sum(SHARES.values())
    return [SyntheticSample(style, seed+i) for style,share in SHARES.items() for i in range(share*one)]

def scores(learn, n=200, seed=2_000_000):
    "How many of `n` captchas of each style, drawn for this alone, are read right"
    found = Counter()
    for style in STYLES:
        drawn = [SyntheticSample(style, seed+i).generate() for i in range(n)]
        read = [decode(o.log_softmax(-1).numpy(), learn.dls.charset)[0][0] for o in learn.logits([to_pixels(open_image(im)) for im,_ in drawn])]
        found[style] = sum(a == text for a,(_,text) in zip(read, drawn))
    return found

def main(state='base_state.safetensors'):
    start, console, models = time.time(), Console(), ROOT/'captcha_ocr'/'models'
    dls = captcha_dls(places(PER_EPOCH, 0), places(VALID, 1_000_000), Charset(CHARSET), augment='light', workers=1)
    learn = captcha_learner(dls)
    history = learn.load_state(state)[1] if Path(state).exists() else []
    with learn.no_bar(), learn.no_logging():
        if len(history) < EPOCHS: learn.fit_captcha(EPOCHS, start_epoch=len(history), cbs=[SaveState(state, {}, history), ConsoleProgress(console, len(history))])
    file = models/'base.safetensors'
    save_model(learn.model, model_config(dls, learn.model), file)
    (models/'base.md').write_text(CARD.format(total=EPOCHS*PER_EPOCH, shares=', '.join(f'{k} {v}/{sum(SHARES.values())}' for k,v in SHARES.items()), charset=CHARSET,
        scores=', '.join(f'{k} {v}' for k,v in scores(learn).items()), epochs=EPOCHS, per_epoch=PER_EPOCH, seconds=time.time()-start,
        machine=f'{platform.machine()}, Python {platform.python_version()}', kilobytes=file.stat().st_size/1e3, date=time.strftime('%Y-%m-%d')))

if __name__ == '__main__': main(*sys.argv[1:])
