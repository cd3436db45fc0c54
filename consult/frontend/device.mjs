// What this browser keeps of answers until the server has them: one entry for each part of each response, so that two people on
// one device do not write over each other.
const UNSAVED = 'unsaved '

const keyOf = (path, mark) => `${UNSAVED}${path} ${mark}`
const pathOf = (key) => key.slice(UNSAVED.length).split(' ')[0]

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key))
  } catch {
    return null
  }
}

// A browser may refuse storage or have none left: then the server's copy is the only one.
function keys() {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(UNSAVED))
  } catch {
    return []
  }
}

export function forget(entry) {
  try {
    localStorage.removeItem(keyOf(entry.path, entry.draft))
  } catch { /* as above */ }
}

export function keep(entry) {
  try {
    localStorage.setItem(keyOf(entry.path, entry.draft), JSON.stringify(entry))
  } catch { /* as above */ }
}

// Everything kept under a path, the newest last.
export function entriesUnder(path) {
  const found = keys().filter((key) => pathOf(key).startsWith(path)).map(read).filter(Boolean)
  return found.sort((one, other) => one.at - other.at)
}

export function forgetUnder(path) {
  for (const entry of entriesUnder(path)) forget(entry)
}

// Of the response with this mark, or of one that the server did not know yet.
export function isOf(entry, mark) {
  return entry.draft === 'new' || entry.draft === mark
}

// What a button sent has arrived only where that page's own form led here by a redirect: an error page has none, and neither has
// an address that someone typed after the connection failed.
export function forgetArrived() {
  const [load] = performance.getEntriesByType('navigation')
  const from = document.referrer && new URL(document.referrer)
  if (!load?.redirectCount || !from || from.origin !== location.origin) return
  const sent = entriesUnder(from.pathname).filter((entry) => entry.path === from.pathname && entry.submitted).pop()
  if (sent) forget(sent)
}
