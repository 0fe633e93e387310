/** What a hostile author may put into names, values and messages: markup, control characters, marks of direction, length. */
export const hostile: readonly string[] = [
  '<img src=x onerror="document.title=1"><script>document.title=2</script>',
  '"><svg onload=alert(1)>',
  '\u202egnp.exe\u202c \u2066\u2067\u200f\ufeff',
  'x'.repeat(120),
  '{{constructor.constructor("alert(1)")()}}',
]
