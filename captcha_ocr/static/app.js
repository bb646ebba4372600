// The form works without this script. With it, images also come from drag and drop, the clipboard and the camera, many at a time.
const $ = id => document.getElementById(id), form = $('form'), cards = $('cards'), status = $('status')
let images = [], run = 0
document.documentElement.classList.add('js')

// One request per image, four at a time. A newer run discards the responses of an older one.
async function readAll(files) {
  images = [...files].slice(0, form.dataset.max)
  const current = ++run, slots = images.map(() => document.createElement('div')), pending = images.map((o, i) => i)
  cards.replaceChildren(...slots)
  $('table').hidden = true
  announce(`Reading ${count(images)} …`)
  const worker = async () => {
    while (pending.length && current === run) {
      const i = pending.shift(), html = await readOne(images[i])
      if (current === run) slots[i].innerHTML = html
    }
  }
  await Promise.all([1, 2, 3, 4].map(worker))
  if (current === run) finish(files.length)
}

async function readOne(image) {
  if (image.size > form.dataset.bytes) return failed(image, `it is over the limit of ${form.dataset.bytes / 1e6} MB`)
  const data = new FormData(form)
  for (const name of ['image', 'example']) data.delete(name)
  data.append('image', image, image.name)
  for (let tries = 0; tries < 20; tries++) {
    try {
      const response = await fetch(form.dataset.cards, {method: 'POST', body: data, headers: {Accept: 'text/html, application/problem+json'}})
      if (response.ok) return await response.text()
      if (response.status !== 503) return failed(image, (await response.json()).detail)
      await new Promise(resolve => setTimeout(resolve, 1000 * (response.headers.get('Retry-After') || 1)))
    } catch { return failed(image, 'the server cannot be reached') }
  }
  return failed(image, 'the server is busy')
}

function failed(image, reason) {
  const card = document.createElement('article')
  card.className = 'card'
  card.tabIndex = -1
  Object.assign(card.dataset, {name: image.name, text: '', confidence: '0', note: reason})
  card.append(Object.assign(document.createElement('h2'), {textContent: image.name}), Object.assign(document.createElement('p'), {className: 'warn', textContent: `Not read: ${reason}`}))
  return card.outerHTML
}

const count = list => list.length === 1 ? 'one image' : `${list.length} images`
const announce = text => { status.textContent = text }
const readings = () => [...cards.querySelectorAll('.card')].map(card => card.dataset)
const percent = p => `${(100 * p).toFixed(1)}%`

function finish(nGiven) {
  const all = readings(), first = all[0]
  const more = nGiven > images.length ? ` Only the first ${images.length} of ${nGiven} were read.` : ''
  if (all.length === 1) announce(first.text ? `Read ${first.text}, confidence ${percent(first.confidence)}.` : `No text: ${first.note}`)
  else announce(`Read ${count(all)}, ${all.filter(o => !o.text).length} without a text.${more}`)
  $('table').hidden = all.length < 2
  $('table').querySelector('tbody').replaceChildren(...all.map(o => row([o.name, o.text, percent(o.confidence), o.note])))
}

function row(values) {
  const tr = document.createElement('tr')
  tr.append(...values.map((value, i) => Object.assign(document.createElement(i ? 'td' : 'th'), {textContent: value})))
  tr.firstChild.scope = 'row'
  return tr
}

// An apostrophe keeps a spreadsheet from running a cell as a formula.
const cell = value => `"${value.replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`
function download() {
  const lines = [['filename', 'text', 'confidence', 'note'], ...readings().map(o => [o.name, o.text, o.confidence, o.note])]
  const url = URL.createObjectURL(new Blob(['\ufeff' + lines.map(o => o.map(cell).join(',') + '\r\n').join('')], {type: 'text/csv'}))
  Object.assign(document.createElement('a'), {href: url, download: 'readings.csv'}).click()
  setTimeout(() => URL.revokeObjectURL(url), 1000)
}

// Sources of images: file chooser, camera, clipboard, drag and drop
for (const id of ['image', 'camera']) $(id).addEventListener('change', e => e.target.files.length && readAll(e.target.files))
addEventListener('paste', e => { if (e.clipboardData.files.length) { e.preventDefault(); readAll(e.clipboardData.files) } })
addEventListener('dragover', e => { e.preventDefault(); $('drop').classList.add('over') })
addEventListener('dragleave', e => { if (!e.relatedTarget) $('drop').classList.remove('over') })
addEventListener('drop', e => {
  e.preventDefault()
  $('drop').classList.remove('over')
  if (e.dataTransfer.files.length) readAll(e.dataTransfer.files)
})
form.addEventListener('submit', async e => {
  e.preventDefault()
  const example = e.submitter?.name === 'example' && e.submitter
  if (example) readAll([new File([await (await fetch(example.firstElementChild.src)).blob()], `example ${+example.value + 1}`)])
  else if (images.length) readAll(images)
  else { announce('Choose an image first.'); $('image').focus() }
})

// A changed option reads the same images again
for (const id of ['length', 'charset', 'min_confidence', 'model']) $(id)?.addEventListener('change', () => images.length && form.reportValidity() && readAll(images))

$('csv').addEventListener('click', download)
cards.addEventListener('submit', async e => {
  e.preventDefault()
  const message = e.target.querySelector('[role=status]')
  message.textContent = 'Saving …'
  try {
    const response = await fetch(e.target.action, {method: 'POST', body: new FormData(e.target), headers: {Accept: 'application/problem+json'}})
    message.textContent = response.ok ? 'Saved. Thank you.' : (await response.json()).detail
  } catch { message.textContent = 'The server cannot be reached.' }
})
