using System.ComponentModel.DataAnnotations;
using StreamScorer.Decode;

namespace StreamScorer.Tests.Decode;

public sealed class DecodeOptionsTests
{
    private static readonly DecodeOptions Valid = new();

    [Fact]
    public void Validate_ShouldAcceptTheDefaults() => Assert.Empty(Faults(Valid));

    [Theory]
    [InlineData("text", "TextField must be a JSON pointer such as /text or /post/body/0: it must begin with '/'.")]
    [InlineData("/a~b", "TextField must be a JSON pointer such as /text or /post/body/0: '~' must be followed by 0 (for '~') or 1 (for '/').")]
    [InlineData("/a~", "TextField must be a JSON pointer such as /text or /post/body/0: '~' must be followed by 0 (for '~') or 1 (for '/').")]
    public void Validate_ShouldTellTheRule_WhenAPointerIsWrong(string field, string expected)
        => Assert.Equal(expected, Assert.Single(Faults(Valid with { TextField = field })));

    [Fact]
    public void Validate_ShouldRefuse_WhenAPointerIsNotUnicode()
        => Assert.EndsWith("it is not valid Unicode.", Assert.Single(Faults(Valid with { TextField = "/\ud800" })), StringComparison.Ordinal);

    [Fact]
    public void Validate_ShouldTellAllFaultsAtOnce()
        => Assert.Equal(3, Faults(Valid with { IdField = "id", LanguageField = "lang", CreatedAtField = "at" }).Count);

    [Fact]
    public void Validate_ShouldRefuse_WhenAPointerGoesDeeperThanDocumentsMay()
        => Assert.Equal("TextField goes 3 levels deep, over MaxDepth (2).", Assert.Single(Faults(Valid with { TextField = "/a/b/c", MaxDepth = 2 })));

    [Fact]
    public void Validate_ShouldRefuse_WhenAPointerIsLongerThanNamesAreCompared()
        => Assert.Contains("longer than 256 bytes", Assert.Single(Faults(Valid with { TextField = "/" + new string('é', 128) })), StringComparison.Ordinal);

    [Theory]
    [InlineData(0, 64)]
    [InlineData(65_536, 0)]
    [InlineData(65_536, 1_001)]
    public void Validate_ShouldRefuse_WhenALimitIsOutOfRange(int maxTextBytes, int maxDepth)
        => Assert.NotEmpty(Faults(Valid with { MaxTextBytes = maxTextBytes, MaxDepth = maxDepth, TextField = "" }));

    private static List<string> Faults(DecodeOptions options)
    {
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);
        return [.. results.Select(result => result.ErrorMessage!)];
    }
}
