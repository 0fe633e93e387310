/** What a view needs of the DAG's store. */
import type { DagStore } from '../store/store.ts'

export type StateStore = Pick<
  DagStore,
  | 'db'
  | 'tree'
  | 'trees'
  | 'treeNumber'
  | 'read'
  | 'readNear'
  | 'rows'
  | 'arrivals'
  | 'lookupIn'
  | 'voidAmong'
  | 'settled'
  | 'subscribe'
  | 'addPreparer'
  | 'onFlips'
  | 'removals'
  | 'repairs'
  | 'notes'
  | 'numberOfStored'
  | 'openings'
  | 'writeBeside'
>
