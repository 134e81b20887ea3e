import { locale, t } from './t.ts'

/** How many messages are unread; "30+" where there may be more. */
export function unreadWords({ count, exact }: { readonly count: number; readonly exact: boolean }): string {
  const words = new Intl.NumberFormat(locale.value).format(count)
  return exact ? words : t('list.atLeast', { count: words })
}
