import { Alert } from '@grafana/ui';

/** Says what a `notification` query is for: a reader who makes it the condition of a rule gets no alerts from it. */
export function NotificationHint() {
  return (
    <Alert severity="info" title="The second query of an alert rule, never its condition">
      It returns the rows and labels of the rule&apos;s verdict query with one more label, the summary of the verdict.
      Give it the same settings as that query and compare only the verdict query. An annotation of the rule can then say{' '}
      <code>{'{{ $values.B.Labels.summary }}'}</code>, where B is this query. As the condition it would make a new alert
      of every new wording.
    </Alert>
  );
}
