// Only the components that our pages use; each finds its elements by data-module.
import { Button, CharacterCount, Checkboxes, ErrorSummary, ExitThisPage, NotificationBanner, SkipLink, createAll } from 'govuk-frontend'
import { forgetAll, saveAsTyped } from './saving.mjs'

// Before the components look at the page: what is put back counts as if it had come with it.
const part = document.querySelector('form[data-saves]')
if (part) saveAsTyped(part)
if (document.querySelector('[data-sent]')) forgetAll()

// Counted as the server counts: a letter or picture outside the oldest 65,536 characters is one, not two.
CharacterCount.prototype.updateCount = function () {
  this.count = [...this.$textarea.value].length
}

document.body.classList.add('js-enabled', 'govuk-frontend-supported')
for (const component of [Button, CharacterCount, Checkboxes, ErrorSummary, ExitThisPage, NotificationBanner, SkipLink]) createAll(component)

// What belongs to an option is shown while it is chosen. The Design System's own way puts aria-expanded on radio buttons
// and checkboxes, where ARIA does not allow it.
const revealing = document.querySelectorAll('[data-reveals]')
function reveal() {
  for (const input of revealing) {
    const more = document.getElementById(input.dataset.reveals)
    more.classList.toggle(`govuk-${input.type === 'radio' ? 'radios' : 'checkboxes'}__conditional--hidden`, !input.checked)
  }
}
if (revealing.length) {
  document.addEventListener('change', reveal)
  // A browser that goes back puts the choices back after this script has run.
  window.addEventListener('pageshow', reveal)
  reveal()
}
