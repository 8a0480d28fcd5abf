import { type AnnotationQuery, type AnnotationSupport } from '@grafana/data';
import { AnnotationQueryEditor } from './components/AnnotationQueryEditor';
import { annotationQuery } from './query';
import { type AnalysisQuery } from './types';

type Annotation = AnnotationQuery<AnalysisQuery>;

/**
 * Lets a dashboard show verdicts of the past as annotations. The backend answers with the columns that Grafana reads by
 * itself: time, timeEnd, title, text and tags.
 */
export const annotationSupport: AnnotationSupport<AnalysisQuery, Annotation> = {
  QueryEditor: AnnotationQueryEditor,

  getDefaultQuery: () => annotationQuery({ refId: 'Anno' }),

  /** Returns the same object when nothing is to be changed: Grafana stores and prepares again until that is so. */
  prepareAnnotation(stored: Annotation): Annotation {
    const { target } = stored;
    return target?.queryType === 'history' && target.format === 'annotations'
      ? stored
      : { ...stored, target: annotationQuery(target ?? { refId: 'Anno' }) };
  },

  /** Returns nothing for a query without LogQL, so that a new annotation is no error. */
  prepareQuery({ target }: Annotation): AnalysisQuery | undefined {
    return (target?.expr ?? '').trim() === '' ? undefined : target;
  },
};
