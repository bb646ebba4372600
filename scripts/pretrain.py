"""Train the base that training with few labels starts from, on drawn captchas alone, and write its card.

    python scripts/pretrain.py [STATE]     # about half an hour on two cores; goes on where it was stopped, from the file STATE

No real image is used, here or to choose anything here: every style of `captcha_ocr.synth` gives the same share of the pictures,
`wild` twice that of the others. Writes captcha_ocr/models/base.safetensors and base.md."""
import datetime, platform, sys, time
from pathlib import Path

import torch
from rich.console import Console

from captcha_ocr.charset import Charset
from captcha_ocr.learner import SaveState, captcha_learner, model_config, save_model
from captcha_ocr.loaders import Drawn, captcha_dls
from captcha_ocr.report import summary
from captcha_ocr.synth import STYLES
from captcha_ocr.training import ConsoleProgress
from project import ROOT

SHARES = {o: 2 if o == 'wild' else 1 for o in STYLES}
EPOCHS, PER_EPOCH, VALID = 44, 4_200, 420
CHARSET = ''.join(sorted(set().union(*(o.charset for o in STYLES.values()))))

def places(n, seed):
    "`n` places for drawn captchas, dealt to the styles by their shares"
    one = n//sum(SHARES.values())
    return [Drawn(style, seed+i) for style,share in SHARES.items() for i in range(share*one)]

def main(state='base_state.safetensors'):
    start, console = time.time(), Console()
    dls = captcha_dls(places(PER_EPOCH, 0), places(VALID, 1_000_000), Charset(CHARSET), augment='light', workers=1)
    learn = captcha_learner(dls)
    history = learn.load_state(state)[1] if Path(state).exists() else []
    saver = SaveState(state, {}, history)
    with learn.no_bar(), learn.no_logging():
        learn.fit_captcha(EPOCHS, start_epoch=len(history), cbs=[saver, ConsoleProgress(console, len(history))])
    save_model(learn.model, model_config(dls, learn.model), ROOT/'captcha_ocr'/'models'/'base.safetensors')
    console.print(saver.history[-1], time.time()-start)

if __name__ == '__main__': main(*sys.argv[1:])
