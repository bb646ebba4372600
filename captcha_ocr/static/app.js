// The form works without this. With it, images also come from a drop, the clipboard and a camera, many at a time.
const $ = id => document.getElementById(id), form = $('form'), cards = $('cards'), status = $('status')
let images = [], run = 0
document.documentElement.classList.add('js')

// One request for each image, four at a time; a newer run makes older answers void.
async function readAll(files) {
  images = [...files].slice(0, form.dataset.max)
  const mine = ++run, slots = images.map(() => document.createElement('div')), left = images.map((o, i) => i)
  cards.replaceChildren(...slots)
  $('table').hidden = true
  say(`Reading ${count(images)} …`)
  const worker = async () => {
    while (left.length && mine === run) {
      const i = left.shift(), html = await readOne(images[i])
      if (mine === run) slots[i].innerHTML = html
    }
  }
  await Promise.all([1, 2, 3, 4].map(worker))
  if (mine === run) finish(files.length)
}

async function readOne(image) {
  if (image.size > form.dataset.bytes) return failed(image, 'it is over the limit of 8 MB')
  const data = new FormData(form)
  for (const name of ['image', 'example']) data.delete(name)
  data.append('image', image, image.name)
  for (let tries = 0; tries < 20; tries++) {
    try {
      const answer = await fetch(form.dataset.cards, {method: 'POST', body: data, headers: {Accept: 'text/html, application/problem+json'}})
      if (answer.ok) return await answer.text()
      if (answer.status !== 503) return failed(image, (await answer.json()).detail)
      await new Promise(go => setTimeout(go, 1000 * (answer.headers.get('Retry-After') || 1)))
    } catch { return failed(image, 'the server cannot be reached') }
  }
  return failed(image, 'the server is busy')
}

function failed(image, why) {
  const card = document.createElement('article')
  card.className = 'card'
  card.tabIndex = -1
  Object.assign(card.dataset, {name: image.name, text: '', confidence: '0', remark: why})
  card.append(Object.assign(document.createElement('h2'), {textContent: image.name}), Object.assign(document.createElement('p'), {className: 'warn', textContent: `This could not be read: ${why}.`}))
  return card.outerHTML
}

const count = list => list.length === 1 ? 'one image' : `${list.length} images`
const say = text => { status.textContent = text }
const readings = () => [...cards.querySelectorAll('.card')].map(card => card.dataset)
const percent = p => `${(100 * p).toFixed(1)}%`

function finish(given) {
  const all = readings(), first = all[0]
  const more = given > images.length ? ` The first ${images.length} of ${given} were taken.` : ''
  if (all.length === 1) say(first.text ? `Read: ${first.text}, ${percent(first.confidence)} sure.` : `No text. ${first.remark}`)
  else say(`Read ${count(all)}, ${all.filter(o => !o.text).length} without a text.${more}`)
  $('table').hidden = all.length < 2
  $('table').querySelector('tbody').replaceChildren(...all.map(o => row([o.name, o.text, percent(o.confidence), o.remark])))
}

function row(values) {
  const tr = document.createElement('tr')
  tr.append(...values.map((value, i) => Object.assign(document.createElement(i ? 'td' : 'th'), {textContent: value})))
  tr.firstChild.scope = 'row'
  return tr
}

// A cell that a spreadsheet would take for a formula starts with an apostrophe.
const cell = value => `"${value.replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`
function download() {
  const lines = [['filename', 'text', 'confidence', 'remark'], ...readings().map(o => [o.name, o.text, o.confidence, o.remark])]
  const url = URL.createObjectURL(new Blob(['\ufeff' + lines.map(o => o.map(cell).join(',') + '\r\n').join('')], {type: 'text/csv'}))
  Object.assign(document.createElement('a'), {href: url, download: 'readings.csv'}).click()
  setTimeout(() => URL.revokeObjectURL(url), 1000)
}

// Ways to give an image
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
  else { say('Choose an image first.'); $('image').focus() }
})

// Something else is known now: read the same images again
for (const id of ['length', 'charset', 'min_confidence', 'model']) $(id)?.addEventListener('change', () => images.length && form.reportValidity() && readAll(images))

$('csv').addEventListener('click', download)
cards.addEventListener('submit', async e => {
  e.preventDefault()
  const said = e.target.querySelector('[role=status]')
  said.textContent = 'Saving …'
  try {
    const answer = await fetch(e.target.action, {method: 'POST', body: new FormData(e.target), headers: {Accept: 'application/problem+json'}})
    said.textContent = answer.ok ? 'Saved. Thank you.' : (await answer.json()).detail
  } catch { said.textContent = 'The server cannot be reached.' }
})
