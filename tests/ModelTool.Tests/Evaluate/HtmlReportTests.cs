using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using ModelTool.Tests.Support;

namespace ModelTool.Tests.Evaluate;

public sealed partial class HtmlReportTests : IDisposable
{
    private readonly TestFolder _folder = new();

    [Fact]
    public void Evaluate_ShouldWriteAPage_ThatNeedsNothingElse()
    {
        var html = Page("id,text,hate,source\na,SECRET one,1,x\nb,SECRET two,0,x\n", [0.9, 0.2]);

        Assert.DoesNotContain("SECRET", html, StringComparison.Ordinal);
        Assert.DoesNotMatch(Outside(), html);
        Assert.Contains("prefers-color-scheme: dark", html, StringComparison.Ordinal);
        Assert.Contains("@media print", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluate_ShouldGiveEveryPictureWords_AndEveryTableACaption()
    {
        var page = Parse(Page("id,hate,source\na,1,x\nb,0,x\n", [0.9, 0.2]));

        Assert.Equal(4, page.Descendants("svg").Count());
        Assert.All(page.Descendants("svg"), svg => Assert.Equal(("img", svg.Element("title")!.Value), (svg.Attribute("role")!.Value, svg.Attribute("aria-label")!.Value)));
        Assert.Equal(4, page.Descendants("table").Count()); // all heads, labels, confusion, source
        Assert.All(page.Descendants("table"), table => Assert.NotEmpty(table.Element("caption")!.Value));
        Assert.All(page.Descendants("th"), cell => Assert.NotNull(cell.Attribute("scope")));
        Assert.All(page.Descendants("a"), link => Assert.Contains(page.Descendants(), target => "#" + target.Attribute("id")?.Value == link.Attribute("href")!.Value));
    }

    [Fact]
    public void Evaluate_ShouldShowTheFigures()
    {
        var page = Parse(Page("id,hate\na,1\nb,0\nc,0\nd,1\n", [0.9, 0.2, 0.6, 0.7]));

        // l1: 2 hits, 3 chosen, 2 true: 0.8; l0: 1 hit, 1 chosen, 2 true: 2/3
        Assert.Equal(["hate", "4", "75.0", "73.3", "1.000", "1.000"], page.Descendants("tbody").First().Element("tr")!.Elements().Take(6).Select(cell => cell.Value));
        Assert.Contains("ROC curve of the label hate: area 1.000 of at most 1; a guess has 0.5.", page.Descendants("title").Select(title => title.Value));
    }

    [Fact]
    public void Evaluate_ShouldShowADashAndWhy_WhenAFigureIsNotDefined()
    {
        var page = Parse(Page("id,hate\na,0\nb,0\n", [0.1, 0.2]));

        Assert.Contains(page.Descendants("li"), item => item.Value == "no post has the label hate: its recall, ROC-AUC and PR-AUC are not defined");
        Assert.Contains(page.Descendants("td"), cell => cell.Value == "–");
    }

    [Fact]
    public void Evaluate_ShouldListFlipsByIdEscaped_WhenTwoAreCompared()
    {
        var page = Parse(Page("id,hate\na<b>,1\nb,0\n", [0.9, 0.2], [0.3, 0.4]));

        Assert.Equal("a<b>", Assert.Single(page.Descendants("td"), cell => cell.Attribute("class")?.Value == "id").Value);
        Assert.Contains("0 posts only the second has right, 1 only the first; McNemar’s exact test: p = 1.000.", page.Value, StringComparison.Ordinal);
        Assert.Equal(5, page.Descendants("svg").Count()); // scores of both
    }

    [Fact]
    public void Evaluate_ShouldFoldPicturesAway_WhenLabelsAreMany()
    {
        var labels = Enumerable.Range(0, 5).Select(i => $"l{i}").ToList();
        var probabilities = string.Join(", ", labels.Select(label => $"\"{label}\": 0.4"));
        var scored = _folder.Write("s.jsonl", """{"id": "a", "heads": {"many": {"labels": [], "probabilities": {""" + probabilities + "}}}}\n");

        var page = Parse(Write(scored, _folder.Write("l.csv", "id,many\na,l1|l3\n")));

        Assert.Equal(labels.Select(label => $"Pictures of {label}"), page.Descendants("summary").Select(summary => summary.Value));
    }

    public void Dispose() => _folder.Dispose();

    private string Page(string csv, params double[][] hate)
    {
        var labelled = _folder.Write("l.csv", csv);
        var ids = csv.Split('\n', StringSplitOptions.RemoveEmptyEntries)[1..].Select(row => row.Split(',')[0]).ToList();
        var files = hate.Select((own, i) => _folder.Write($"s{i}.jsonl", string.Concat(ids.Zip(own, Line)))).ToList();
        return Write(files[0], labelled, [.. files.Skip(1).SelectMany(file => (string[])["--against", file])]);
    }

    private string Write(string scored, string labelled, params string[] more)
    {
        var file = _folder.PathOf("page.html");
        var (code, _, error) = Tool.Run(["evaluate", scored, labelled, "--html", file, .. more]);
        Assert.Equal((0, ""), (code, error));
        Assert.Empty(Directory.GetFiles(_folder.Path, "*.tmp"));
        return File.ReadAllText(file);
    }

    private static string Line(string id, double hate) => new JsonObject
    {
        ["id"] = id,
        ["heads"] = new JsonObject
        {
            ["hate"] = new JsonObject { ["label"] = "x", ["probabilities"] = new JsonObject { ["not_hate"] = 1 - hate, ["hate"] = hate } },
        },
    }.ToJsonString() + "\n";

    /// <summary>The page is written so that it is XML below its head.</summary>
    private static XElement Parse(string html)
    {
        var body = html[html.IndexOf("<main>", StringComparison.Ordinal)..(html.IndexOf("</main>", StringComparison.Ordinal) + "</main>".Length)];
        return XElement.Parse(body);
    }

    [GeneratedRegex("https?:|<script|<link|@import|url\\(|src=", RegexOptions.IgnoreCase)]
    private static partial Regex Outside();
}
