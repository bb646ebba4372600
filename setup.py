"nbdev's setup.py, with an extra for training. All settings are in settings.ini: edit there, not here."
import re
from configparser import ConfigParser
from pathlib import Path

import setuptools

root = Path(__file__).parent
config = ConfigParser(delimiters=['='])
config.read(root/'settings.ini', encoding='utf-8')
cfg = config['DEFAULT']

cfg_keys = 'version description keywords author author_email'.split()
expected = cfg_keys + 'lib_name lib_path user branch license status min_python audience language'.split()
for o in expected: assert o in cfg, f'missing expected setting: {o}'
setup_cfg = {o:cfg[o] for o in cfg_keys}

licenses = {'apache2': ('Apache-2.0', 'OSI Approved :: Apache Software License')}
statuses = ['0 - Pre-Planning', '1 - Planning', '2 - Pre-Alpha', '3 - Alpha',
            '4 - Beta', '5 - Production/Stable', '6 - Mature', '7 - Inactive']
py_versions = '3.10 3.11 3.12 3.13'.split()
lic = licenses[cfg['license'].lower()]
lib = cfg['lib_path']

def reqs(key): return cfg.get(key, '').split()

def long_description():
    "README.md with its relative pictures and links made absolute: a package index has no files beside the page."
    readme = root/'README.md'
    if not readme.exists(): return cfg['description']    # `make readme` itself needs the package installed
    link = re.compile(r'(!?\[[^\]]*\]\(|src="|href=")(?![a-zA-Z][\w+.-]*:|#|/)')
    pages, raw = cfg['git_url'] + '/blob/', cfg['git_url'].replace('github.com', 'raw.githubusercontent.com') + '/'
    def _absolute(m): return m[1] + (raw if m[1][0] in '!s' else pages) + cfg['branch'] + '/'
    parts = re.split(r'(^```.*?^```|`[^`\n]*`)', readme.read_text(encoding='utf-8'), flags=re.MULTILINE|re.DOTALL)
    return ''.join(o if i%2 else link.sub(_absolute, o) for i,o in enumerate(parts))    # code stays as it is

setuptools.setup(
    name = cfg['lib_name'],
    license = lic[0],
    classifiers = [
        'Development Status :: ' + statuses[int(cfg['status'])],
        'Intended Audience :: ' + cfg['audience'].title(),
        'Natural Language :: ' + cfg['language'].title(),
        'License :: ' + lic[1],
    ] + ['Programming Language :: Python :: '+o for o in py_versions[py_versions.index(cfg['min_python']):]],
    url = cfg['git_url'],
    project_urls = {'Documentation': cfg['doc_host'] + cfg['doc_baseurl']},
    packages = setuptools.find_packages(include=[lib, f'{lib}.*']),
    package_data = {lib: reqs('package_data')},
    include_package_data = True,
    install_requires = reqs('requirements'),
    extras_require = {'train': reqs('train_requirements'), 'sources': reqs('sources_requirements'), 'bidi': reqs('bidi_requirements'),
                      'dev': sum((reqs(f'{o}_requirements') for o in ('train', 'sources', 'bidi', 'dev')), [])},
    python_requires = '>=' + cfg['min_python'],
    long_description = long_description(),
    long_description_content_type = 'text/markdown',
    zip_safe = False,
    entry_points = {'console_scripts': reqs('console_scripts'), 'nbdev': [f'{lib}={lib}._modidx:d']},
    **setup_cfg)
