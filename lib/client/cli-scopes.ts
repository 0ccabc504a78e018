/** What a command line asks for when nobody said which scopes: enough to look and to act, not to administer. */
export const CLI_SCOPES: readonly string[] = Object.freeze(['operator.read', 'operator.write'])
