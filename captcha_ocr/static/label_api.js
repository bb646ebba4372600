// What both labelling pages share. The server's texts are set as text, never as HTML.
export const $ = id => document.getElementById(id)
const csrf = document.querySelector('meta[name=csrf]').content

export async function ask(path, body) {
  const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf }
  let response
  try { response = await fetch(path, body && { method: 'POST', body: JSON.stringify(body), headers }) } catch {
    throw Object.assign(new Error('The server does not answer. Start it again, then press Enter. Your text is still here.'), { status: 0 })
  }
  const reply = await response.json().catch(() => ({ error: `The server answered with status ${response.status}.` }))
  if (!response.ok) throw Object.assign(new Error(reply.error), { status: response.status, reply })
  return reply
}

// The page is older than the server, so its keys are no longer valid.
export const isStale = error => error.status === 401 || error.status === 403

export function notify(text, isError = false) {
  $('message').textContent = text || '\u00a0'
  $('message').classList.toggle('error', isError)
}

export function showProgress(p, extra = []) {
  $('bar').max = p.total
  $('bar').value = p.total - p.left
  const parts = [`${p.labelled} labelled`, ...extra, `${p.left} left`, p.per_minute && `${p.per_minute} per minute`,
    p.minutes_left && `about ${p.minutes_left} min left`, p.reading && `${p.reading} not read yet`,
    p.conflicts && `${p.conflicts} in conflict with labels.csv`]
  $('counts').textContent = parts.filter(o => o).join(' · ')
  $('gain').textContent = p.gain
  $('training').textContent = p.training
  if ($('problem').textContent !== p.problem) $('problem').textContent = p.problem
}

export const percent = p => `${Math.floor(p * 100)}% confidence`
