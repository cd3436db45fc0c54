// Keyboard shortcuts for reviewers: the letter in data-shortcut clicks or focuses its element. Everything works without them.
import { help, keysAreOn } from './keys.mjs'

const TYPED_IN = 'input, textarea, select, [contenteditable]'

document.addEventListener('keydown', (event) => {
  // Leave people alone who are typing, or using the browser's or a screen reader's own shortcuts.
  if (!keysAreOn() || event.ctrlKey || event.altKey || event.metaKey || event.target.closest(TYPED_IN)) return
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
