"Everything that a notebook types: `from captcha_ocr.all import *` brings fastai's basics and the training side of the package."
from fastai.basics import *
from fastai.callback.all import *

from captcha_ocr.charset import CaptchaError, Charset, collapse, min_steps
from captcha_ocr.metrics import cer, exact_match, wilson_interval
from captcha_ocr.data.images import Geometry, list_images, open_image, to_pixels
from captcha_ocr.data.labels import DatasetError, Problem, Sample, check_dataset, good_samples, read_labels
from captcha_ocr.data.split import assign_folds, read_split, split_folder, split_samples
from captcha_ocr.data.download import download_dataset, find_dataset
from captcha_ocr.data.show import contact_sheet
from captcha_ocr.reading.paths import align, char_confidences, greedy_decode, next_probs, text_log_prob
from captcha_ocr.reading.constraint import Constraint
from captcha_ocr.reading.search import constraint_log_prob, decode
from captcha_ocr.reading.calibration import (Calibrator, coverage_at, cross_calibrated, expected_calibration_error, fit_isotonic,
                                             fit_platt, reliability_curve)
from captcha_ocr.reading.novelty import NoveltyDetector, fit_novelty, image_statistics
from captcha_ocr.reader import Char, Reader, Reading, read
from captcha_ocr.synth.sampling import OneOf
from captcha_ocr.synth.fonts import use_fonts
from captcha_ocr.synth.glyphs import FAMILIES, Font
from captcha_ocr.synth.text import Arithmetic, RandomText
from captcha_ocr.synth.grounds import Colour, Gradient
from captcha_ocr.synth.layout import TextLine
from captcha_ocr.synth.randomize import FACTORS, show_factors
from captcha_ocr.synth.styles import STYLES, Style, Universal, generate, save_captchas
from captcha_ocr.synth.fit import fit_style
from captcha_ocr.analysis.eda import EDA, eda
from captcha_ocr.analysis.losses import CaptchaInterpretation, WatchLosses, plot_history
from captcha_ocr.analysis.errors import Confusions, Misread, audit, plot_audit, plot_confusions, plot_reliability, saliency
from captcha_ocr.analysis.diagnosis import Finding, diagnose
from captcha_ocr.analysis.report import save_report
from captcha_ocr.train.augment import PRESETS, Augment, show_augment
from captcha_ocr.train.loaders import CaptchaImage, CaptchaText, SyntheticSample, captcha_dls
from captcha_ocr.train.crnn import CRNN, layer_table, receptive_field
from captcha_ocr.train.ctc import CTCLoss, occupancy
from captcha_ocr.train.learner import (AnnealAlignment, AuxiliaryCTCLoss, SaveState, auto_epochs, captcha_learner, load_model, model_config,
                                       save_model, torch_device)
from captcha_ocr.train.pretrained import Recipe, choose_recipe, from_pretrained, mix_synthetic, nearest_style, pretrained_model, pseudo_labels
from captcha_ocr.train.export import export_reader, parity, reader_config
from captcha_ocr.train.run import train_reader
from captcha_ocr.lab.crossval import cross_validate
from captcha_ocr.lab.learning_curve import PowerLaw, fit_power_law, learning_curve
