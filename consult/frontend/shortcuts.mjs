// Keyboard shortcuts for reviewers: the letter in data-shortcut clicks or focuses its element. Everything works without them.
const STORE = 'shortcuts'
const TYPED_IN = 'input, textarea, select, [contenteditable]'
const panel = document.querySelector('[data-shortcuts-switch]')

// A browser may refuse storage, as some do in a private window: then shortcuts are on until switched off, page by page.
const setting = {
  get: () => { try { return localStorage.getItem(STORE) } catch { return null } },
  set: (value) => { try { localStorage.setItem(STORE, value) } catch { /* The choice lasts until this page is left. */ } },
}

if (panel) {
  const box = panel.querySelector('input')
  const help = panel.closest('details')
  panel.hidden = false
  box.checked = setting.get() !== 'off'
  box.addEventListener('change', () => setting.set(box.checked ? 'on' : 'off'))
  document.addEventListener('keydown', (event) => {
    // Leave people alone who are typing, or using the browser's or a screen reader's own shortcuts.
    if (!box.checked || event.ctrlKey || event.altKey || event.metaKey || event.target.closest(TYPED_IN)) return
    if (event.key === '?') {
      help.open = true
      help.querySelector('summary').focus()
      return
    }
    const target = document.querySelector(`[data-shortcut="${CSS.escape(event.key)}"]`)
    if (!target) return
    event.preventDefault()
    if (target.matches(TYPED_IN)) target.focus()
    else target.click()
  })
}
