// For people whose device others use too.
import { stopSaving } from './autosave.mjs'
import { entriesUnder, forget, forgetUnder, isOf } from './device.mjs'

// Before “Exit this page” leads away: this browser forgets the answers, and going back shows neither the page nor them.
export function leave(button) {
  const { leave: address, token } = button.dataset
  if (!address) return
  stopSaving()
  forgetUnder(`/${address.split('/')[1]}/`)
  fetch(address, { method: 'POST', body: new URLSearchParams({ csrfmiddlewaretoken: token }), keepalive: true })
  history.replaceState(null, '', '/')
  window.addEventListener('pageshow', () => location.reload())
}

// The server has deleted a response: so does this browser.
export function forgetDeleted(notice) {
  if (!notice) return
  for (const entry of entriesUnder(notice.dataset.forget)) if (isOf(entry, notice.dataset.draft)) forget(entry)
}
