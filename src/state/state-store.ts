/** What a view needs of the DAG's store. */
import type { DagStore } from '../store/store.ts'

export type StateStore = Pick<
  DagStore,
  | 'db'
  | 'tree'
  | 'trees'
  | 'treeNumber'
  | 'read'
  | 'rows'
  | 'arrivals'
  | 'lookupIn'
  | 'voidAmong'
  | 'settled'
  | 'subscribe'
  | 'addContributor'
  | 'onFlips'
  | 'removals'
  | 'repairs'
  | 'notes'
  | 'numberOfStored'
  | 'writeBeside'
>
