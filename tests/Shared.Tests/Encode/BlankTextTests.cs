using System.Text;
using StreamScorer.Shared.Encode;

namespace Shared.Tests.Encode;

public sealed class BlankTextTests
{
    [Theory]
    [InlineData("")]
    [InlineData(" \t\r\n\u00A0\u3000")]
    [InlineData("\u200B\u200D\u00AD\uFEFF")]
    [InlineData("\0\u0007")]
    [InlineData("\uFFFD")]
    public void Is_ShouldHold_WhenThereIsNothingToRead(string text) => Assert.True(BlankText.Is(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData("a")]
    [InlineData(" \u200B!")]
    [InlineData("\U0001F600")]
    [InlineData("\u0301")]
    public void Is_ShouldNotHold_WhenThereIsSomething(string text) => Assert.False(BlankText.Is(Encoding.UTF8.GetBytes(text)));
}
