// What this browser still holds of answers that did not reach the server: shown and saved, so that nothing is sent or deleted
// unseen.
import { entriesUnder, forget, isOf, keep } from './device.mjs'

const SAVE_TIMEOUT = 10000

// On a receipt: the browser's copy goes where it equals what was sent. Of a postcode only the first half is sent. Any other words
// are shown.
export function showUnsent(receipt) {
  const notice = document.querySelector('[data-unsent]')
  if (!receipt || !notice) return
  const sent = JSON.parse(document.getElementById('sent-values').textContent)
  const arrived = ([name, value]) => !value.trim() || name === 'postcode' || [sent[name] ?? []].flat().includes(value.replace(/\r\n?/g, '\n'))
  const ours = entriesUnder(`/${receipt.dataset.sent}/respond/`).filter((entry) => receipt.dataset.drafts.split(' ').includes(entry.draft))
  const left = ours.filter((entry) => !entry.answers.every(arrived))
  for (const entry of ours) if (!left.includes(entry)) forget(entry)
  if (!left.length) return
  const words = notice.querySelector('[data-unsent-words]')
  for (const [, value] of left.flatMap((entry) => entry.answers)) {
    if (!value.trim()) continue
    const paragraph = document.createElement('p')
    paragraph.className = 'govuk-body app-prose'
    paragraph.dir = 'auto'
    paragraph.textContent = value
    words.append(paragraph)
  }
  notice.querySelector('button').addEventListener('click', () => {
    left.forEach(forget)
    notice.hidden = true
  })
  notice.hidden = false
}

// On the pages of a response: which other parts have answers that are not saved. They are saved now, and a page that shows answers
// loads again with them. Nothing can be sent before that.
export async function saveWaiting(notice) {
  if (!notice) return
  const waiting = entriesUnder(notice.dataset.unsaved).filter((entry) => isOf(entry, notice.dataset.draft) && entry.path !== location.pathname)
  show(notice, waiting)
  const left = []
  for (const entry of waiting) if (!await save(entry, notice.dataset.token)) left.push(entry)
  if (waiting.length && !left.length && 'answersShown' in notice.dataset) location.reload()
  else show(notice, left)
}

function show(notice, entries) {
  for (const row of notice.querySelectorAll('[data-part]')) row.hidden = !entries.some((entry) => entry.path === row.dataset.part)
  notice.hidden = !entries.length
  const send = document.querySelector('[data-send]')
  if (send) send.hidden = entries.length > 0
}

async function save(entry, token) {
  const hidden = { csrfmiddlewaretoken: token, seen: entry.seen, tried: entry.tried ?? '', draft: entry.draft, edition: entry.edition }
  try {
    const body = new URLSearchParams([...entry.answers, ...Object.entries(hidden)])
    const reply = await fetch(`${entry.path}save/`, { method: 'POST', body, signal: AbortSignal.timeout(SAVE_TIMEOUT) })
    const saved = reply.ok && await reply.json()
    // Its own page then shows what stands in the way, with these words in the form.
    if (!saved || saved.elsewhere || saved.tooLong) {
      keep({ ...entry, submitted: false })
      return false
    }
    forget(entry)
    return true
  } catch {
    return false
  }
}
