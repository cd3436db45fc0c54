// The desk by keyboard: each element with data-key is what its letter does. Links and fields work without any of this.
const STORE = 'desk-keys'
const TYPED_IN = 'input, textarea, select, [contenteditable]'
const switches = document.querySelector('[data-keys-switch]')

// A browser that keeps nothing, as in a private window, has the keys on.
const kept = { get: () => { try { return localStorage.getItem(STORE) } catch { return null } },
  set: (value) => { try { localStorage.setItem(STORE, value) } catch { /* Until this page is left. */ } } }

if (switches) {
  const box = switches.querySelector('input')
  switches.hidden = false
  box.checked = kept.get() !== 'off'
  box.addEventListener('change', () => kept.set(box.checked ? 'on' : 'off'))
  document.addEventListener('keydown', (event) => {
    // Whoever types, speaks commands to a browser or uses its own keys is left alone.
    if (!box.checked || event.ctrlKey || event.altKey || event.metaKey || event.target.closest(TYPED_IN)) return
    if (event.key === '?') return void (switches.closest('details').open = true, switches.closest('details').querySelector('summary').focus())
    const found = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`)
    if (!found) return
    event.preventDefault()
    if (found.matches(TYPED_IN)) found.focus()
    else found.click()
  })
}
