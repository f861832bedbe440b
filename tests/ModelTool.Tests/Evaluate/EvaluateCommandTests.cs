using System.Text.Json.Nodes;
using ModelTool.Tests.Support;

namespace ModelTool.Tests.Evaluate;

public sealed class EvaluateCommandTests : IDisposable
{
    private const string Labelled = "id,text,hate,source\na,\"one, two\",1,x\nb,three,0,x\nc,four,,y\nd,five,hate,y\n";

    private readonly TestFolder _folder = new();

    [Fact]
    public void Evaluate_ShouldPrintATable()
    {
        var (code, output, error) = Tool.Run("evaluate", Scored(Line("a", 0.9), Line("b", 0.2), Line("c", 0.5), Line("d", 0.3)), Csv(Labelled));

        Assert.Equal((0, ""), (code, error));
        Assert.Equal(
            """
            head         source             rows  macro-F1  ROC-AUC    ECE
            hate         (all)                 3      66.7    1.000   33.3
            hate         x                     2     100.0    1.000   15.0
            hate         y                     1       0.0        -   70.0
            4 rows, 0 of them rejected and in no figure

            """,
            output,
            ignoreLineEndingDifferences: true);
    }

    [Fact]
    public void Evaluate_ShouldPrintFractions_WhenJsonIsAskedFor()
    {
        var (_, output, _) = Tool.Run("evaluate", Scored(Line("a", 0.9), Line("b", 0.2), Rejected("c"), Line("d", 0.3)), Csv(Labelled), "--json", "--without", "z,y");

        var json = JsonNode.Parse(output)!;
        Assert.Equal((4, 1), ((int)json["rows"]!, (int)json["rejected"]!));
        Assert.Equal(2, (int)json["heads"]!["hate"]!["pooled"]!["rows"]!);
        Assert.Equal(1.0, (double)json["heads"]!["hate"]!["pooled"]!["macro_f1"]!);
        Assert.Null(json["heads"]!["hate"]!["sources"]!["y"]!["roc_auc"]);
        Assert.Equal(0.7, (double)json["heads"]!["hate"]!["sources"]!["y"]!["calibration_error"]!, 6);
    }

    [Fact]
    public void Evaluate_ShouldLeaveOutAHead_WhenItHasSeveralTruths()
    {
        const string Sigmoid = """{"id": "a", "heads": {"toxicity": {"labels": [], "probabilities": {"hate": 0.1}}, "hate": {"label": "hate", "probabilities": {"not_hate": 0.1, "hate": 0.9}}}}""";

        var (code, output, _) = Tool.Run("evaluate", Scored(Sigmoid), Csv("id,hate,toxicity\na,1,1\n"));

        Assert.Equal(0, code);
        Assert.DoesNotContain("toxicity", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluate_ShouldRefuse_WhenIdsDiffer() =>
        Assert.EndsWith(
            "has id 'c' and the labelled row has 'b': score that very file.",
            Tool.Fault("evaluate", Scored(Line("a", 0.9), Line("c", 0.2)), Csv(Labelled)),
            StringComparison.Ordinal);

    [Fact]
    public void Evaluate_ShouldRefuse_WhenLinesAreMissing() =>
        Assert.EndsWith(
            "has 1 lines and the labelled file has more rows: score that very file.",
            Tool.Fault("evaluate", Scored(Line("a", 0.9)), Csv(Labelled)),
            StringComparison.Ordinal);

    [Fact]
    public void Evaluate_ShouldRefuse_WhenThereAreMoreLines() =>
        Assert.EndsWith(
            "has more lines than the labelled file has rows (1): score that very file.",
            Tool.Fault("evaluate", Scored(Line("a", 0.9), Line("b", 0.9)), Csv("id,hate\na,1\n")),
            StringComparison.Ordinal);

    [Theory]
    [InlineData("not json")]
    [InlineData("[1]")]
    [InlineData("{\"id\": \"a\"}")]
    [InlineData("{\"id\": 7, \"heads\": {}}")]
    [InlineData("{\"id\": \"a\", \"heads\": {\"hate\": {\"label\": \"hate\"}}}")]
    public void Evaluate_ShouldNameTheLine_WhenItIsNoScoredLine(string line)
    {
        var scored = Scored(Line("a", 0.9), line);

        Assert.Equal($"Line 2 of {scored} is not a line of 'streamscorer score'.", Tool.Fault("evaluate", scored, Csv(Labelled)));
    }

    [Theory]
    [InlineData("2")]
    [InlineData("-1")]
    [InlineData("Hate")]
    public void Evaluate_ShouldNameTheLine_WhenALabelIsUnknown(string cell)
    {
        var csv = Csv($"id,hate\na,1\nb,{cell}\n");

        Assert.Equal(
            $"{csv}, line 3: column 'hate' must hold one of not_hate, hate, or its index from 0.",
            Tool.Fault("evaluate", Scored(Line("a", 0.9), Line("b", 0.9)), csv));
    }

    [Fact]
    public void Evaluate_ShouldRefuse_WhenNoColumnIsAHead() =>
        Assert.Equal(
            "The labelled file has no labels for any softmax head of the scored lines: a column must have the head's name.",
            Tool.Fault("evaluate", Scored(Line("a", 0.9)), Csv("id,fake\na,1\n")));

    [Fact]
    public void Evaluate_ShouldRefuse_WhenThereIsNoId() =>
        Assert.EndsWith("needs a header line with a column 'id'.", Tool.Fault("evaluate", Scored(Line("a", 0.9)), Csv("text,hate\na,1\n")), StringComparison.Ordinal);

    [Fact]
    public void Evaluate_ShouldNameTheLine_WhenTheCsvIsBroken() =>
        Assert.Contains(
            ", line 2, is not valid CSV: ",
            Tool.Fault("evaluate", Scored(Line("a", 0.9)), Csv("id,hate\na,1,2\n")),
            StringComparison.Ordinal);

    [Fact]
    public void Evaluate_ShouldRefuse_WhenAFileIsMissing() =>
        Assert.Contains("nowhere.csv", Tool.Fault("evaluate", Scored(Line("a", 0.9)), _folder.PathOf("nowhere.csv")), StringComparison.Ordinal);

    public void Dispose() => _folder.Dispose();

    private static string Line(string id, double hate) => new JsonObject
    {
        ["id"] = id,
        ["heads"] = new JsonObject
        {
            ["hate"] = new JsonObject
            {
                ["label"] = hate >= 0.5 ? "hate" : "not_hate",
                ["probabilities"] = new JsonObject { ["not_hate"] = 1 - hate, ["hate"] = hate },
            },
        },
        ["decision"] = "allow",
    }.ToJsonString();

    private static string Rejected(string id) => $$$"""{"id": "{{{id}}}", "rejected": {"reason": "empty_text", "message": "m"}}""";

    private string Scored(params string[] lines) => _folder.Write("scored.jsonl", string.Join('\n', lines) + "\n");

    private string Csv(string text) => _folder.Write("labelled.csv", text);
}
