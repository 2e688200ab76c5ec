# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The page of a report. It stands in Python, because Ansible carries nothing else to where a module runs."""

from __future__ import annotations

from ansible_collections.hasivu.ops.plugins.module_utils.report_template_trend import TREND

STYLE = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1d2330; --soft: #566072; --line: #d5dae3; --band: #f4f6f9;
  --before: #b4690e; --after: #1f6fd0; --good: #17703c; --bad: #b3261e; --warn: #8a5300; }
@media (prefers-color-scheme: dark) { :root { --paper: #12161d; --ink: #e5e9f0; --soft: #a3adbd; --line: #343c4a;
  --band: #1b212b; --before: #e2a04a; --after: #6ea8f5; --good: #6fcf97; --bad: #ff8a80; --warn: #f0b357; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem 1rem 4rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .5rem; padding-top: .6rem; border-top: 1px solid var(--line); }
p { margin: .3rem 0 .8rem; max-width: 46rem; }
.soft, caption, dt { color: var(--soft); }
.verdict { font-weight: 600; }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
dl { display: grid; grid-template-columns: minmax(8rem, auto) 1fr; gap: .2rem 1.2rem; margin: 0 0 1rem; }
dd { margin: 0; }
.wide { overflow-x: auto; }
.wide:focus-visible { outline: 2px solid var(--after); }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
caption { text-align: left; padding: .2rem 0; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line); }
thead th { background: var(--band); }
tbody th { font-weight: 500; }
td.long { min-width: 16rem; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
svg { display: block; width: 100%; }
svg text { fill: var(--ink); font: 13px system-ui, sans-serif; }
svg .value { fill: var(--soft); font-size: 12px; }
.s0 { fill: var(--before); background: var(--before); } .s1 { fill: var(--after); background: var(--after); }
.s2 { fill: var(--good); background: var(--good); } .s3 { fill: var(--soft); background: var(--soft); }
svg .axis { stroke: var(--line); } svg .target { stroke: var(--soft); stroke-dasharray: 6 4; }
svg .path { stroke: var(--after); stroke-width: 2; } svg .over { fill: var(--bad); }
.key { display: inline-block; width: .8rem; height: .8rem; margin: 0 .3rem 0 0; border-radius: 2px; }
.legend span { margin-right: 1rem; white-space: nowrap; }
ol.findings { padding-left: 1.4rem; } ol.findings li { margin-bottom: .9rem; }
.tag { font-size: .78rem; font-weight: 600; border: 1px solid; border-radius: 1rem; padding: .05rem .5rem; }
@media (max-width: 34rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .4rem; } }
@media print { :root { color-scheme: light; --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --band: #eee;
  --before: #b4690e; --after: #1f6fd0; --good: #17703c; --bad: #b3261e; --warn: #8a5300; }
  body { max-width: none; padding: 0; font-size: 10pt; } .wide { overflow: visible; }
  tr, svg, li { break-inside: avoid; } h2 { break-after: avoid; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; } }
"""

PAGE = (
    TREND
    + """
{%- macro facts(items) %}
<dl>{% for item in items %}<dt>{{ item.name }}</dt><dd>{{ item.value | shown(item.kind) }}</dd>{% endfor %}</dl>
{%- endmacro %}

{%- macro table(data) %}
<div class="wide" tabindex="0" role="region" aria-label="{{ data.caption }}">
<table><caption>{{ data.caption }}{% if not data.rows %}: none{% endif %}</caption>
{% if data.rows %}<thead><tr>{% for column in data.columns %}
<th scope="col"{% if column.kind in numeric %} class="n"{% endif %}>{{ column.label }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in data.rows %}<tr>{% for column in data.columns %}
{% set cell = row.get(column.key) %}{% if loop.first %}<th scope="row">{{ cell | shown(column.kind) }}</th>
{% else %}<td class="{% if column.kind in numeric %}n{% elif column.kind == 'outcome' %}{{ cell | tone }}
{%- elif cell | string | length > 40 %}long{% endif %}">
{{- cell | shown(column.kind) }}</td>{% endif %}{% endfor %}</tr>{% endfor %}</tbody>{% endif %}
</table></div>
{%- endmacro %}

{%- macro bars(chart, number) %}
<figure style="margin: 0"><figcaption class="legend soft">{{ chart.title }}:
{% for name in chart.series %}<span>
<i class="key s{{ loop.index0 }}" aria-hidden="true"></i>{{ name }}</span>{% endfor %}
</figcaption>
<svg role="img" aria-labelledby="chart{{ number }}t chart{{ number }}d" height="{{ chart.height }}">
<title id="chart{{ number }}t">{{ chart.title }}</title>
<desc id="chart{{ number }}d">{% for row in chart.rows %}{{ row.label }}: {% for bar in row.bars %}
{{- chart.series[loop.index0] }} {{ bar.value }}{{ ", " if not loop.last }}{% endfor %}. {% endfor %}</desc>
{% for row in chart.rows %}<text x="0" y="{{ row.y }}">{{ row.label }}</text>{% for bar in row.bars %}
<rect class="s{{ loop.index0 }}" x="0" y="{{ bar.y }}" width="{{ bar.width }}%" height="11" rx="2"/>
<text class="value" x="{{ bar.text_x }}%" y="{{ bar.text_y }}">{{ bar.value }}</text>{% endfor %}{% endfor %}
</svg>{% if chart.left_out %}<p class="soft">{{ chart.left_out }} more are in report.json.</p>{% endif %}</figure>
{%- endmacro %}

{%- macro findings(items) %}
{% if items %}<ol class="findings">{% for item in items %}
<li><span class="tag {{ item.severity | tone }}">{{ item.severity }}</span> <strong>{{ item.what }}</strong>
<br><span class="soft">{% if item.part %}{{ item.part }}: {% endif %}{{ item.where }}.</span>
{{ item.why }} {{ item.do }}
{%- if item.control %} <span class="soft">Control: {{ item.control }}.</span>{% endif %}
{%- if item.deadline %} <span class="soft">By {{ item.deadline }}.</span>{% endif %}</li>{% endfor %}</ol>
{% else %}<p>None.</p>{% endif %}
{%- endmacro -%}
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{{ report.title }}</title>
<style>{{ style | safe }}</style>
</head>
<body>
<header>
<h1>{{ report.title }}</h1>
<p class="verdict {{ report.outcome | tone }}">{{ report.verdict or report.outcome }}</p>
{{ facts(report.facts) }}
</header>
<main>
<section><h2>Findings</h2>{{ findings(report.findings) }}</section>
{% for section in report.sections %}<section><h2>{{ section.title }}</h2>
{% if section.text %}<p>{{ section.text }}</p>{% endif %}
{% if section.facts %}{{ facts(section.facts) }}{% endif %}
{% if section.chart %}{{ bars(section.chart, loop.index) }}{% endif %}
{% if section.trend %}{{ course(section.trend, loop.index) }}{% endif %}
{% if section.table %}{{ table(section.table) }}{% endif %}
{% if section.findings is not none %}{{ findings(section.findings) }}{% endif %}
</section>
{% endfor %}</main>
<footer class="soft"><p>Written {{ report.written_at | shown("time") }}. The same data is in report.json.</p></footer>
</body>
</html>
"""
)
