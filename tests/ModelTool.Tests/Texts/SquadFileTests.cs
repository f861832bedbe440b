using System.Text;
using ModelTool.Tests.Support;
using ModelTool.Texts;

namespace ModelTool.Tests.Texts;

public sealed class SquadFileTests : IDisposable
{
    private readonly TestFolder _folder = new();

    [Fact]
    public void Read_ShouldFindAnswers_CountingCodePoints()
    {
        var question = Assert.Single(Read(Paragraph("😀 Ünlü men", "who", """{"answer_start": 2, "text": "Ünlü men"}, {"answer_start": 7, "text": "men"}""")));

        Assert.Equal(("q1", "who"), (question.Id, question.Text));
        Assert.Equal(["Ünlü men", "men"], question.Answers.Select(answer => Encoding.UTF8.GetString(question.Context[answer.Start..answer.End])));
    }

    [Theory]
    [InlineData("""{"answer_start": 1, "text": "men"}""", "question q1: its answer is not at answer_start 1 of the context, counted in code points")]
    [InlineData("""{"answer_start": 99, "text": "men"}""", "question q1: its answer is not at answer_start 99 of the context, counted in code points")]
    [InlineData("""{"answer_start": -1, "text": "men"}""", "question q1: its answer is not at answer_start -1 of the context, counted in code points")]
    [InlineData("""{"answer_start": "0", "text": "men"}""", "question q1: an answer needs 'answer_start', a whole number")]
    [InlineData("""{"text": "men"}""", "question q1: an answer needs 'answer_start', a whole number")]
    [InlineData("""{"answer_start": 0, "text": ""}""", "question q1: 'text' is missing, empty, or is no text")]
    [InlineData("7", "question q1: 'text' is missing, empty, or is no text")]
    [InlineData("", "question q1: it has no answer, and SQuAD 1.1 has at least one a question")]
    public void Read_ShouldNameFileAndQuestion_WhenAnAnswerIsWrong(string answer, string fault) => Refused(Paragraph("two men", "who", answer), ", " + fault + ".");

    [Theory]
    [InlineData("""{"data": [{"paragraphs": [{"qas": []}]}]}""", ", data[0].paragraphs[0]: 'context' is missing, empty, or is no text.")]
    [InlineData("""{"data": [{"paragraphs": [{"context": "a"}]}]}""", ", data[0].paragraphs[0]: 'qas' is missing, or is no list.")]
    [InlineData("""{"data": [{"paragraphs": [{"context": "a", "qas": [{"question": "b"}]}]}]}""", ", data[0].paragraphs[0].qas[0]: 'id' is missing, empty, or is no text.")]
    [InlineData("""{"data": [7]}""", ", data[0]: 'paragraphs' is missing, or is no list.")]
    [InlineData("[]", ": 'data' is missing, or is no list.")]
    public void Read_ShouldNameFileAndPlace_WhenAMemberIsMissing(string json, string fault) => Refused(json, fault);

    [Fact]
    public void Read_ShouldNameFileAndLine_WhenTheJsonIsBroken()
    {
        var error = Assert.Throws<ToolException>(() => Read("{\"data\": [\n"));

        Assert.StartsWith($"{_folder.PathOf("a.json")} is not valid JSON: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("(line 2)", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    public void Dispose() => _folder.Dispose();

    private static string Paragraph(string context, string question, string answers) =>
        $$"""{"data": [{"paragraphs": [{"context": "{{context}}", "qas": [{"id": "q1", "question": "{{question}}", "answers": [{{answers}}]}]}]}]}""";

    private void Refused(string json, string fault) => Assert.Equal(_folder.PathOf("a.json") + fault, Assert.Throws<ToolException>(() => Read(json)).Message);

    private IReadOnlyList<Question> Read(string json) => SquadFile.Read(_folder.Write("a.json", json));
}
