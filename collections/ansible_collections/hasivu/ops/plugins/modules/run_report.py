#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Write what a run found and did as a page for people and as data for programs."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: run_report
short_description: Write the report of a run
version_added: 0.1.0
description:
  - Writes C(report.json) and C(report.html) into the folder of the run's record, both whole or not at all.
  - The page stands alone, prints, follows the reader's light or dark setting and can be read on a phone.
  - It also writes in check mode, for the report of a rehearsal is part of its record; it writes nowhere else, and never
    reports a change.
options:
  directory:
    description: Folder of the run's record.
    type: path
    required: true
  title:
    description: Title of the page.
    type: str
    required: true
  outcome:
    description: How the run ended, in a word.
    type: str
    choices: [done, finding, refused, resumable, decision, locked, budget, bad_input]
    default: done
  verdict:
    description: The same in a sentence.
    type: str
    default: ""
  facts:
    description: What a reader wants to know first.
    type: list
    elements: dict
    default: []
    suboptions: &facts
      name:
        description: What it is.
        type: str
        required: true
      value:
        description: Its value.
        type: raw
      kind:
        description: How the value is shown.
        type: str
        choices: [text, outcome, number, bytes, seconds, percent, time]
        default: text
  findings:
    description: The findings of the run, each with C(what), C(where), C(why), C(do) and C(severity).
    type: list
    elements: dict
    default: []
    suboptions: &findings
      what:
        description: What was found, as a sentence.
        type: str
        required: true
      where:
        description: The object that it was found at.
        type: str
        required: true
      why:
        description: Why it matters.
        type: str
        required: true
      do:
        description: What to do about it.
        type: str
        required: true
      severity:
        description: How much it matters; V(advice) never fails a run.
        type: str
        choices: [critical, high, medium, low, advice]
        default: advice
      key:
        description: The kind of finding, by which an exception names it.
        type: str
      control:
        description: The control that it touches.
        type: str
      deadline:
        description: When it must be mended.
        type: str
      part:
        description: The part of the review that found it.
        type: str
  sections:
    description: The parts of the page, in order.
    type: list
    elements: dict
    default: []
    suboptions:
      title:
        description: Heading of the part.
        type: str
        required: true
      text:
        description: A paragraph below the heading.
        type: str
      facts:
        description: Facts of this part.
        type: list
        elements: dict
        suboptions: *facts
      findings:
        description: Findings shown in this part and not at the top.
        type: list
        elements: dict
        suboptions: *findings
      table:
        description: A table.
        type: dict
        suboptions:
          caption:
            description: What the table shows.
            type: str
            required: true
          columns:
            description: Its columns; the first one names the row.
            type: list
            elements: dict
            required: true
            suboptions:
              key:
                description: Name of the value in a row.
                type: str
                required: true
              label:
                description: Heading of the column.
                type: str
                required: true
              kind:
                description: How the values are shown.
                type: str
                choices: [text, outcome, number, bytes, seconds, percent, time]
                default: text
          rows:
            description: Its rows, each a mapping; a value that is missing is shown as a dash.
            type: list
            elements: dict
            required: true
      chart:
        description: A chart of bars, such as one value before and after.
        type: dict
        suboptions:
          title:
            description: What the chart shows.
            type: str
            required: true
          series:
            description: Names of the bars of each row, at most four.
            type: list
            elements: str
            required: true
          kind:
            description: How the values are shown.
            type: str
            choices: [number, bytes, seconds, percent]
            default: number
          rows:
            description: Its rows, each with C(label) and one value in C(values) for each series.
            type: list
            elements: dict
            required: true
            suboptions:
              label:
                description: Name of the row.
                type: str
                required: true
              values:
                description: Its values.
                type: list
                elements: float
                required: true
      trend:
        description: A value over time, with its target.
        type: dict
        suboptions:
          title:
            description: What the trend shows.
            type: str
            required: true
          kind:
            description: How the values are shown.
            type: str
            choices: [number, bytes, seconds, percent]
            default: number
          target:
            description: The highest value that is good.
            type: float
          points:
            description: Its points, in any order.
            type: list
            elements: dict
            required: true
            suboptions:
              at:
                description: When it was measured, as RFC 3339.
                type: str
                required: true
              label:
                description: What measured it, such as a run.
                type: str
                required: true
              value:
                description: What was measured; left out where nothing could be.
                type: float
  data:
    description: Whatever a program may want; it stands in C(report.json) only.
    type: dict
    default: {}
requirements:
  - jinja2
attributes:
  check_mode:
    description: Writes the report in check mode too.
    support: none
  diff_mode:
    description: Nothing outside the record changes, so there is no difference to show.
    support: none
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Write the report
  hasivu.ops.run_report:
    directory: "{{ hasivu_run.directory }}"
    title: Weekly database maintenance
    verdict: Every table in need was vacuumed.
    facts:
      - name: Environment
        value: production
      - name: Started
        value: "{{ hasivu_run.started }}"
        kind: time
    findings: "{{ weekly_db_indexes.findings }}"
    sections:
      - title: Dead rows
        chart:
          title: Dead rows before and after
          series: [before, after]
          rows:
            - label: public.orders
              values: [40211, 0]
      - title: Tables
        table:
          caption: Tables that were in need
          columns:
            - {key: table, label: Table}
            - {key: dead_before, label: Dead rows before, kind: number}
            - {key: outcome, label: Outcome, kind: outcome}
          rows: "{{ weekly_db_vacuum.tables }}"
"""

RETURN = r"""
json:
  description: The file for programs.
  returned: success
  type: str
html:
  description: The file for people.
  returned: success
  type: str
"""

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.hasivu.ops.plugins.module_utils.report_file import write_report
from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import most_severe_first
from ansible_collections.hasivu.ops.plugins.module_utils.report_options import REPORT_OPTIONS, misdated, misdrawn
from ansible_collections.hasivu.ops.plugins.module_utils.report_page import JINJA2_IMPORT_ERROR, render
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import now

FORM = "hasivu-report/1"


def main() -> None:
    """Read the options, render, write."""
    module = AnsibleModule(argument_spec=REPORT_OPTIONS, supports_check_mode=True)
    if JINJA2_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("jinja2"), exception=JINJA2_IMPORT_ERROR, stop="refused")
    check_charts(module)
    report = {"form": FORM, "written_at": now(), **module.params}
    report["findings"] = most_severe_first(report["findings"])
    directory = report.pop("directory")
    try:
        files = write_report(directory, report, render(report))
    except FileNotFoundError:
        module.fail_json(msg=f"There is no folder {directory}. Give the folder of a run's record.", stop="bad_input")
    except OSError as error:
        module.fail_json(
            msg=f"The report could not be written to {directory}: {error.strerror}. Make room or mend the "
            "rights, then resume the run.",
            stop="resumable",
        )
    module.exit_json(changed=False, **files)


def check_charts(module: AnsibleModule) -> None:
    """Fail when a chart or a trend cannot be drawn as it is described."""
    charts = [section["chart"] for section in module.params["sections"] if section["chart"]]
    trends = [section["trend"] for section in module.params["sections"] if section["trend"]]
    reason = next(filter(None, [*map(misdrawn, charts), *map(misdated, trends)]), None)
    if reason:
        module.fail_json(msg=reason, stop="bad_input")


if __name__ == "__main__":
    main()
