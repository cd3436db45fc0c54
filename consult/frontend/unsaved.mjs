// What this browser still holds of answers that did not reach the server: shown, so that nothing is sent or deleted unseen.
import { forget, forgetSent, unsavedParts } from './autosave.mjs'

// On a receipt: the browser's copy goes where it equals what was sent. Any other words are shown.
export function showUnsent(receipt) {
  if (!receipt) return
  const left = forgetSent(receipt.dataset.sent, JSON.parse(document.getElementById('sent-values').textContent))
  const notice = document.querySelector('[data-unsent]')
  if (!left.length || !notice) return
  const words = notice.querySelector('[data-unsent-words]')
  for (const [, value] of left.flatMap(([, entry]) => entry.answers)) {
    if (!value.trim()) continue
    const paragraph = document.createElement('p')
    paragraph.className = 'govuk-body app-prose'
    paragraph.dir = 'auto'
    paragraph.textContent = value
    words.append(paragraph)
  }
  notice.querySelector('button').addEventListener('click', () => {
    forget(left.map(([key]) => key))
    notice.hidden = true
  })
  notice.hidden = false
}

// On the task list and the check page: which parts have answers that are not saved. Nothing is sent until they are.
export function showUnsaved(notice) {
  if (!notice) return
  const parts = unsavedParts(notice.dataset.unsaved, notice.dataset.draft)
  for (const row of notice.querySelectorAll('[data-part]')) row.hidden = !parts.includes(row.dataset.part)
  notice.hidden = !parts.length
  const send = document.querySelector('[data-send]')
  if (send) send.hidden = parts.length > 0
}
