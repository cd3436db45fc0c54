// Whether someone wants single keys to do something, as they said in this browser.
const STORE = 'shortcuts'
// A browser may refuse storage, as some do in a private window: then keys are on until switched off, page by page.
const setting = {
  get: () => { try { return localStorage.getItem(STORE) } catch { return null } },
  set: (value) => { try { localStorage.setItem(STORE, value) } catch { /* The choice lasts until this page is left. */ } },
}
const panel = document.querySelector('[data-shortcuts-switch]')
const box = panel?.querySelector('input')

if (panel) {
  panel.hidden = false
  box.checked = setting.get() !== 'off'
  box.addEventListener('change', () => setting.set(box.checked ? 'on' : 'off'))
}

export const keysAreOn = () => Boolean(box?.checked)
export const help = panel?.closest('details')
