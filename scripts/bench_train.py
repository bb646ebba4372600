"""Seconds from raw files to 99% of the held-out images, on this machine: the recipe of `train`, the same from chance, and the
network of the well-known Keras example for this data set (A. K. Nain, 2020), rebuilt in PyTorch.

    make bench-train                      # CAPTCHA_OCR_DATA names captcha_images_v2; about ten minutes on two cores

All three get the same files, split, batch size and thread count, in turns. The Keras example's network trains as it does there:
Adam with a learning rate of 0.001, grey images, no augmentation. Reading and scaling the files is part of every time."""
import statistics, sys, time
from functools import partial

import torch
from fastai.basics import Callback, CancelFitException, OptimWrapper
from torch import nn

from captcha_ocr.charset import Charset
from captcha_ocr.data.download import download_dataset, find_dataset
from captcha_ocr.data.labels import good_samples
from captcha_ocr.data.split import split_samples
from captcha_ocr.train.learner import captcha_learner
from captcha_ocr.train.loaders import captcha_dls
from captcha_ocr.train.run import BASE_LR, BASE_UPDATES
from captcha_ocr.train.pretrained import from_pretrained

MARK, MOST = .99, 60  # share of the held-out images, epochs

def keras_init(m):
    "The weights that Keras starts from; from PyTorch's own the network stays all blank for more than 40 epochs"
    if isinstance(m, nn.Conv2d): nn.init.kaiming_normal_(m.weight, nonlinearity='relu')
    if isinstance(m, nn.Linear): nn.init.xavier_uniform_(m.weight)
    for name,p in m.named_parameters(recurse=False):
        if 'bias' in name: nn.init.zeros_(p)
        if 'weight_ih' in name: nn.init.xavier_uniform_(p)
        if 'weight_hh' in name: [nn.init.orthogonal_(o) for o in p.data.chunk(4)]
        if 'bias_ih' in name: p.data.chunk(4)[1].fill_(1)   # the forget gate

class KerasExample(nn.Module):
    "Two convolutions, a dense layer and two bidirectional LSTMs: (N,3,H,W) to (N,W//4,C)."
    def __init__(self, n_classes, height=48):
        super().__init__()
        self.convolutions = nn.Sequential(nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.dense = nn.Sequential(nn.Linear(height//4*64, 64), nn.ReLU(), nn.Dropout(.2))
        self.rnn1, self.rnn2 = nn.LSTM(64, 128, bidirectional=True, batch_first=True), nn.LSTM(256, 64, bidirectional=True, batch_first=True)
        self.dropout, self.head = nn.Dropout(.25), nn.Linear(128, n_classes)
        self.apply(keras_init)

    def forward(self, x):
        x = self.convolutions(x.as_subclass(torch.Tensor).mean(1, keepdim=True))
        x = self.dense(x.flatten(1, 2).transpose(1, 2))
        return self.head(self.dropout(self.rnn2(self.dropout(self.rnn1(x)[0]))[0]))

class StopAtMark(Callback):
    "Ends training at the first epoch that reads `MARK` of the held-out images"
    order = 70
    def after_epoch(self):
        self.learn.reached = self.recorder.log[3]
        print(f'    epoch {self.epoch+1}: {self.reached:.1%}', flush=True)
        if self.reached >= MARK: raise CancelFitException

def from_chance(learn): learn.fit_captcha(anneal=True, cbs=StopAtMark())
def recipe(learn): learn.fit_captcha(max(1, round(BASE_UPDATES/len(learn.dls.train))), BASE_LR, cbs=StopAtMark())
def keras_example(learn):
    learn.opt_func = partial(OptimWrapper, opt=torch.optim.Adam)
    learn.fit(MOST, 1e-3, wd=0., cbs=StopAtMark())

def run(name, train, held, charset, seed):
    "Seconds to the mark, epochs, and what was reached"
    start = time.perf_counter()
    ours, fit = name != 'Keras example', {'train': recipe, 'train --no-base': from_chance, 'Keras example': keras_example}[name]
    model = from_pretrained(charset) if name == 'train' else None if ours else KerasExample(charset.n_classes)
    learn = captcha_learner(captcha_dls(train, held, charset, augment='default' if ours else 'none', seed=seed, device='cpu'), seed=seed, model=model)
    with learn.no_bar(), learn.no_logging(): fit(learn)
    return time.perf_counter()-start, learn.epoch+1, learn.reached

def main(seeds=2):
    samples = good_samples(find_dataset() or download_dataset(), min_samples=2)[0]
    charset, names, seconds = Charset.from_texts(s.text for s in samples), ('train', 'train --no-base', 'Keras example'), {}
    for seed in range(int(seeds)):
        train, held = split_samples(samples, .1, seed)
        for name in names:
            print(f'{name}, seed {seed}', flush=True)
            took, epochs, reached = run(name, train, held, charset, seed)
            seconds.setdefault(name, []).append(took)
            print(f'  {took:.0f} s, {epochs} epochs, {reached:.1%} of {len(held)}', flush=True)
    pretrained = statistics.median(seconds['Keras example'])
    print(f'\n{torch.get_num_threads()} threads, medians of {seeds} seeds, to {MARK:.0%} of the held-out images')
    for name,t in seconds.items(): print(f'  {name:<16}{statistics.median(t):>6.0f} s{base/statistics.median(t):>8.1f} ×')

if __name__ == '__main__': main(*sys.argv[1:])
